-- One row a statement on a KPI's point: the first, and each restatement. `id` is the stream's. What was said stays said,
-- so no row is ever closed: of a point the statement with the greatest position holds.
CREATE TABLE measurement_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    kpi uuid NOT NULL,
    "on" date NOT NULL,
    value numeric NOT NULL,
    note text,
    reason text,
    redactions jsonb,
    recorded_at timestamptz NOT NULL
);
