-- The tree over the events (ledger/proofs), written by the sealer after them, never changed. All of it can be computed
-- again from the events but the signatures, which say that it was so at the time.

-- Complete subtrees: the leaves from index * 2^level on, 2^level of them; level 0 are the leaves, of the event at
-- index + 1.
CREATE TABLE nodes (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 62),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, index)
);

-- What tells this ledger's log from another's that is signed with the same key; made by the first who signs.
CREATE TABLE log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id uuid NOT NULL DEFAULT gen_random_uuid()
);

-- Public parts of the keys that checkpoints were signed with, the ones in use and those before.
CREATE TABLE verifier_keys (
    name text PRIMARY KEY,
    public bytea NOT NULL UNIQUE CHECK (length(public) = 32),
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Signed checkpoints. A tree that is signed with a new key has the size and the root of one before.
CREATE TABLE checkpoints (
    size bigint NOT NULL CHECK (size >= 0),
    name text NOT NULL REFERENCES verifier_keys,
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (size, name)
);

-- Never two trees of one size, and none that is smaller than one before: the sealer holds a lock on all of this, so
-- nothing comes in between.
CREATE FUNCTION refuse_another_tree() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM checkpoints AS c WHERE c.size = NEW.size AND c.root <> NEW.root OR c.size > NEW.size) THEN
        RAISE EXCEPTION 'the ledger is append-only: there is a later tree than, or another tree of, size %', NEW.size
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER one_tree BEFORE INSERT ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_another_tree();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON nodes EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON verifier_keys EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log EXECUTE FUNCTION refuse_change();
ALTER TABLE log ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE nodes ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER one_tree;
ALTER TABLE verifier_keys ENABLE ALWAYS TRIGGER append_only;

DO $$
DECLARE
    app name := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ' || quote_ident(current_schema()) || ' FROM PUBLIC';
    EXECUTE format('GRANT SELECT, INSERT ON log, nodes, verifier_keys, checkpoints TO %I', app);
END $$;
