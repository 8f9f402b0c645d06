-- The check-in at both clocks.
CREATE UNIQUE INDEX ON check_in_versions (id, valid_from DESC, position DESC, known_from);
-- The check-ins of a key result, and of a period.
CREATE INDEX ON check_in_versions (key_result, effective_at);
