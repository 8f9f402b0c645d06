-- One row a version of how a KPI stands: its latest point, that point's health, the trend of the last three.
CREATE TABLE kpi_health_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    "on" date,
    value numeric,
    health text NOT NULL,
    trend text
);
