-- One row a version of a KPI. `targets` and `benchmarks`: all there ever were, in the order in which they were set; where
-- several cover a day, the last one holds (of benchmarks: the last of a name).
CREATE TABLE kpi_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    name text,
    definition text,
    redactions jsonb,
    unit text,
    direction text NOT NULL,
    frequency text NOT NULL,
    team uuid,
    owner uuid,
    parent uuid,
    perspective text,
    indicator text,
    tags text[] NOT NULL,
    external_id text,
    state text NOT NULL,
    targets jsonb NOT NULL,
    benchmarks jsonb NOT NULL,
    counter_metrics uuid[] NOT NULL
);
