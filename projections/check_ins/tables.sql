-- One row a version of a check-in: as said, as corrected, as retracted.
CREATE TABLE check_in_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    key_result uuid NOT NULL,
    value jsonb,
    confidence numeric,
    status text,
    note text,
    progress text,
    plans text,
    problems text,
    redactions jsonb,
    external_id text,
    actor uuid NOT NULL,
    state text NOT NULL,
    effective_at timestamptz NOT NULL
);
