-- The member at both clocks.
CREATE UNIQUE INDEX ON member_versions (id, valid_from DESC, position DESC, known_from);
