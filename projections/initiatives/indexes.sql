-- The initiative at both clocks.
CREATE UNIQUE INDEX ON initiative_versions (id, valid_from DESC, position DESC, known_from);
