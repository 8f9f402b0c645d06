-- The points of a KPI, in order, with everything that was said of each.
CREATE UNIQUE INDEX ON measurement_versions (kpi, "on", position);
-- Those of one stream, to write them anew when a note was redacted.
CREATE INDEX ON measurement_versions (id);
