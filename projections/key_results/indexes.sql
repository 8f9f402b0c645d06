-- The key result at both clocks.
CREATE UNIQUE INDEX ON key_result_versions (id, valid_from DESC, position DESC, known_from);
