-- The team at both clocks.
CREATE UNIQUE INDEX ON team_versions (id, valid_from DESC, position DESC, known_from);
