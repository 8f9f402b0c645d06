-- The objective at both clocks.
CREATE UNIQUE INDEX ON objective_versions (id, valid_from DESC, position DESC, known_from);
-- What an objective was carried forward to.
CREATE INDEX ON objective_versions (carried_from) WHERE carried_from IS NOT NULL;
