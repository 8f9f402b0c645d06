-- One row a version of a cycle.
CREATE TABLE cycle_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    label text NOT NULL,
    kind text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    parent uuid,
    scoring text NOT NULL,
    check_in_every_days integer NOT NULL,
    external_id text,
    state text NOT NULL
);
