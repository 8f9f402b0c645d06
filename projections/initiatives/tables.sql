-- One row a version of an initiative.
CREATE TABLE initiative_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    key_result uuid NOT NULL,
    title text,
    url text,
    hypothesis text,
    learning text,
    redactions jsonb,
    sprint text,
    external_id text,
    state text NOT NULL
);
