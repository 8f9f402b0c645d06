-- The cycle at both clocks.
CREATE UNIQUE INDEX ON cycle_versions (id, valid_from DESC, position DESC, known_from);
-- The cycles inside another.
CREATE INDEX ON cycle_versions (parent) WHERE parent IS NOT NULL;
