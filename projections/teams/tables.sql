-- One row a version of a team. `redactions`: what stands where a text was redacted, by column.
CREATE TABLE team_versions (
    id uuid NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint,
    name text,
    redactions jsonb,
    parent uuid,
    external_id text,
    state text NOT NULL,
    members jsonb NOT NULL
);
