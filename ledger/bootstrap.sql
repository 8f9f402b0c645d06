-- name: schemas
-- Makes the role that the server runs as, and the schemas, before any migration. Their names come as a client
-- setting, since a name cannot be a parameter. Roles belong to the whole cluster, which no advisory lock spans, and
-- several of its databases may be migrated at once: who comes second finds the role made.
DO $$
DECLARE
    ledger name := current_setting('quarterdeck.schema');
    app name := ledger || '_app';
BEGIN
    IF to_regrole(quote_ident(app)) IS NULL THEN
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', app);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(app, 'SET') THEN
        EXECUTE format('GRANT %I TO CURRENT_USER WITH SET TRUE', app);
    END IF;
    IF to_regnamespace(quote_ident(ledger)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', ledger);
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', ledger || '_books', app);
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', ledger || '_shadow', app);
    END IF;
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I.migrations (
        number integer PRIMARY KEY,
        name text NOT NULL,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now())', ledger);
END $$;

-- name: lock
-- One migration of a schema at a time, whoever runs it. Released with the connection.
SELECT pg_advisory_lock(hashtext('quarterdeck.migrate'), hashtext(%(schema)s));

-- name: has_migrations
-- Whether this schema was ever migrated.
SELECT to_regclass(quote_ident(%(schema)s) || '.migrations') IS NOT NULL AS has_migrations;

-- name: applied
-- The migrations that were run, oldest first; the search_path leads to the schema.
SELECT number, name, sha256 FROM migrations ORDER BY number;

-- name: record
-- Notes a migration in the transaction that ran it.
INSERT INTO migrations (number, name, sha256) VALUES (%(number)s, %(name)s, %(sha256)s);
