-- One row a version of a link: which KPI drives which key result, from when to when, by whom and why.
CREATE TABLE kpi_link_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    key_result uuid NOT NULL,
    kpi uuid NOT NULL,
    linked_at timestamptz NOT NULL,
    linked_by uuid NOT NULL,
    reason text,
    ended_reason text,
    redactions jsonb,
    ended_at timestamptz,
    ended_by uuid
);
