-- Whom an identity provider's subjects are here. A row says no name: its key is the SHA-256 of issuer and subject. It stays
-- when its member is erased, so that the same subject, who comes again, is refused and does not become somebody new.
-- The server adds rows and changes none; the database's owner may put a wrong one right.
CREATE TABLE subjects (
    subject bytea PRIMARY KEY CHECK (length(subject) = 32),
    issuer text NOT NULL,
    member uuid NOT NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- An address that was given to somebody else at the provider must not make them an earlier member.
    UNIQUE (issuer, member)
);

DO $$
DECLARE
    app name := current_schema() || '_app';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON subjects TO %I', app);
END $$;
