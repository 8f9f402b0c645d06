-- One row a version of a member.
CREATE TABLE member_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    kind text NOT NULL,
    state text NOT NULL
);
