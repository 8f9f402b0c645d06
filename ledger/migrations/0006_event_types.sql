-- Events of a type in order: what began when (lists, oldest first), and the ledger filtered by type.
CREATE INDEX events_type ON events (type, position);
-- A caller's own id, whatever its source.
CREATE INDEX claims_value ON claims (value);
