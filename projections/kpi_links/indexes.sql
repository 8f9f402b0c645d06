-- The link at both clocks.
CREATE UNIQUE INDEX ON kpi_link_versions (id, valid_from DESC, position DESC, known_from);
-- The links of a key result, and of a KPI.
CREATE INDEX ON kpi_link_versions (key_result);
CREATE INDEX ON kpi_link_versions (kpi);
