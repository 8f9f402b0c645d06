-- The KPI at both clocks.
CREATE UNIQUE INDEX ON kpi_versions (id, valid_from DESC, position DESC, known_from);
