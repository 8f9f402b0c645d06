-- How events come into the ledger: append_events, the one way in for the role that the server runs as.
--
-- A command comes as one JSON object, made by ledger/append.py, which says what each key means. Keys that are not
-- needed are left out, and their statements are not run. JSON and not forty array parameters: it is one value to
-- encode and to send, and a group of commands is an array of them.

CREATE TYPE append_outcome AS (outcome text, subject text, created boolean, position bigint, recorded_at timestamptz);

-- Why a command is not taken, `outcome` null if nothing speaks against it. `at`: when its first event would be
-- recorded. The caller holds the lock on head, so nothing that is looked at here can change before the commit.
CREATE FUNCTION refusal(command jsonb, at timestamptz) RETURNS append_outcome LANGUAGE plpgsql AS $$
DECLARE
    result append_outcome;
BEGIN
    IF command ? 'idempotency' THEN
        SELECT CASE WHEN i.request_hash = decode(k.request_hash, 'hex') THEN 'replayed' ELSE 'key_reused' END,
               i.subject, i.created, i.position, i.recorded_at
          INTO result
          FROM jsonb_to_record(command -> 'idempotency') AS k (scope text, key text, request_hash text)
         CROSS JOIN LATERAL (SELECT * FROM idempotency WHERE scope = k.scope AND key = k.key LIMIT 1) AS i;
        IF FOUND THEN RETURN result; END IF;
    END IF;

    -- The versions that were relied on: named ones, and those that the events themselves continue.
    SELECT 'conflict', g.stream INTO result
      FROM (SELECT key AS stream, value::bigint AS version FROM jsonb_each_text(command -> 'guards')
            UNION ALL
            SELECT e.stream, e.version - row_number() OVER (PARTITION BY e.stream ORDER BY e.n)
              FROM ROWS FROM (jsonb_to_recordset(command -> 'events') AS (stream text, version integer))
                   WITH ORDINALITY AS e (stream, version, n)) AS g
     WHERE g.version <> coalesce((SELECT max(e.version) FROM events e WHERE e.stream = g.stream), 0)
     LIMIT 1;
    IF FOUND THEN RETURN result; END IF;

    IF command ? 'children' THEN
        SELECT 'conflict', g.parent INTO result
          FROM jsonb_to_recordset(command -> 'children') AS g (parent text, kind text, position bigint)
         CROSS JOIN LATERAL (
               SELECT FROM attachments a
                WHERE a.parent = g.parent AND a.position > g.position AND starts_with(a.child, g.kind || '/')
                LIMIT 1) AS later
         LIMIT 1;
        IF FOUND THEN RETURN result; END IF;
    END IF;

    IF command ? 'redaction' THEN
        SELECT 'conflict', r.position || p INTO result
          FROM jsonb_to_record(command -> 'redaction') AS r (position bigint, pointers text[]), unnest(r.pointers) AS p
         WHERE NOT EXISTS (SELECT FROM events e WHERE e.position = r.position AND e.texts ? p)
         LIMIT 1;
        IF FOUND THEN RETURN result; END IF;
    END IF;

    IF command ? 'claims' THEN
        WITH wanted AS (
            SELECT c.scope, c.value, c.stream
              FROM jsonb_to_recordset(command -> 'claims') AS c (scope text, value text, stream text))
        SELECT 'claimed', held.stream INTO result
          FROM wanted AS w
         CROSS JOIN LATERAL (
               (SELECT c.stream FROM claims c
                 WHERE c.scope = w.scope AND c.value = w.value AND c.stream <> w.stream LIMIT 1)
               UNION ALL
               (SELECT o.stream FROM wanted o
                 WHERE o.scope = w.scope AND o.value = w.value AND o.stream <> w.stream LIMIT 1)) AS held
         LIMIT 1;
        IF FOUND THEN RETURN result; END IF;
    END IF;

    SELECT 'future', e.stream INTO result
      FROM jsonb_to_recordset(command -> 'events')
           AS e (stream text, effective_at timestamptz, reported_at timestamptz)
     WHERE e.effective_at > at OR e.reported_at > at
     LIMIT 1;
    IF FOUND THEN RETURN result; END IF;

    IF command ? 'not_before' THEN
        SELECT 'too_early', c.cycle::text INTO result
          FROM unnest(ARRAY(SELECT jsonb_array_elements_text(command -> 'not_before'))::uuid[]) AS c (cycle)
         WHERE (SELECT max(e.effective_at) FROM cycle_events e WHERE e.cycle = c.cycle)
             > (SELECT min(coalesce(e.effective_at, at))
                  FROM jsonb_to_recordset(command -> 'events') AS e (effective_at timestamptz))
         LIMIT 1;
        IF FOUND THEN RETURN result; END IF;
    END IF;
    RETURN NULL;
END $$;

-- Writes a command's events, the first one at position `first`, recorded at `at`; the others follow, each a
-- microsecond after the one before.
CREATE FUNCTION take_in(command jsonb, first bigint, at timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO events
    SELECT first + e.n - 1, e.id, e.stream, e.version, e.type, e.schema_version, e.data, e.texts,
           e.actor, e.on_behalf_of, e.correlation_id,
           coalesce(e.effective_at, t.recorded_at), e.reported_at, t.recorded_at
      FROM ROWS FROM (jsonb_to_recordset(command -> 'events') AS (
               id uuid, stream text, version integer, type text, schema_version integer, data jsonb, texts jsonb,
               actor uuid, on_behalf_of uuid, correlation_id text,
               effective_at timestamptz, reported_at timestamptz)) WITH ORDINALITY
           AS e (id, stream, version, type, schema_version, data, texts, actor, on_behalf_of, correlation_id,
                 effective_at, reported_at, n),
           LATERAL (SELECT at + (e.n - 1) * interval '1 microsecond') AS t (recorded_at);
$$;

-- Writes what a command brings beside its events, which are recorded already from position `first` on.
CREATE FUNCTION take_in_beside(command jsonb, first bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF command ? 'attach' THEN
        INSERT INTO attachments
        SELECT a.parent, a.child, first + a.event
          FROM jsonb_to_recordset(command -> 'attach') AS a (event integer, parent text, child text)
         ORDER BY a.event
            ON CONFLICT DO NOTHING;
    END IF;

    IF command ? 'cycles' THEN
        INSERT INTO cycle_events
        SELECT c.cycle, (SELECT e.effective_at FROM events e WHERE e.position = first + c.event), first + c.event
          FROM jsonb_to_recordset(command -> 'cycles') AS c (event integer, cycle uuid)
            ON CONFLICT DO NOTHING;
    END IF;

    IF command ? 'claims' THEN
        INSERT INTO claims
        SELECT c.scope, c.value, c.stream, first + c.event
          FROM jsonb_to_recordset(command -> 'claims') AS c (event integer, scope text, value text, stream text)
            ON CONFLICT DO NOTHING;
    END IF;

    IF command ? 'people' THEN
        INSERT INTO people SELECT * FROM jsonb_populate_recordset(NULL::people, command -> 'people')
            ON CONFLICT (member) DO UPDATE SET (name, email, external_id, source)
                = (excluded.name, excluded.email, excluded.external_id, excluded.source);
    END IF;
END $$;

-- Texts and salts at the pointers go; what was said of them in the event, the commitment, stays.
CREATE FUNCTION redact_text(redaction jsonb, at timestamptz) RETURNS void LANGUAGE sql AS $$
    UPDATE events SET texts = texts || (
        SELECT jsonb_object_agg(pointer, jsonb_build_object(
                   'redacted', true,
                   'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'reason', redaction ->> 'reason'))
          FROM jsonb_array_elements_text(redaction -> 'pointers') AS pointer
         WHERE texts -> pointer ? 'text')
     WHERE position = (redaction ->> 'position')::bigint
       AND EXISTS (SELECT FROM jsonb_array_elements_text(redaction -> 'pointers') AS p WHERE texts -> p ? 'text');
$$;

-- A member's personal data goes: the row beside the ledger, the external ids that it claimed, and the hashes of the
-- requests that it was made by, from which a guessed name could be confirmed.
CREATE FUNCTION erase_member(erased uuid) RETURNS void LANGUAGE sql AS $$
    DELETE FROM people WHERE member = erased;
    DELETE FROM claims WHERE stream = 'member/' || erased AND starts_with(scope, 'external_id:');
    UPDATE idempotency SET request_hash = '' WHERE subject = 'member/' || erased;
$$;

-- Takes commands in, one after the other, and says what became of each. A refused command writes nothing and does
-- not hinder the others.
--
-- Every look-up is by an index. Plans are made once a session and kept: one made while a table is small would scan it,
-- and go on doing so while an import makes it large.
CREATE FUNCTION append_events(commands jsonb) RETURNS SETOF append_outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = auto AS $$
DECLARE
    last head%ROWTYPE;
    started bigint;
    command jsonb;
    result append_outcome;
    at timestamptz;
    n bigint;
BEGIN
    SELECT * INTO STRICT last FROM head FOR UPDATE;
    started := last.position;
    FOR command IN SELECT * FROM jsonb_array_elements(commands) LOOP
        -- Strictly after the last one, also when the machine's clock was set back (greatest ignores nulls).
        at := greatest(clock_timestamp(), last.recorded_at + interval '1 microsecond');
        result := refusal(command, at);
        IF result.outcome IS NULL THEN
            n := jsonb_array_length(command -> 'events');
            PERFORM take_in(command, last.position + 1, at);
            PERFORM take_in_beside(command, last.position + least(n, 1));
            IF command ? 'redaction' THEN PERFORM redact_text(command -> 'redaction', at); END IF;
            IF command ? 'erase' THEN PERFORM erase_member((command ->> 'erase')::uuid); END IF;
            IF n > 0 THEN
                last.position := last.position + n;
                last.recorded_at := at + (n - 1) * interval '1 microsecond';
            END IF;
            IF command ? 'idempotency' THEN
                INSERT INTO idempotency
                SELECT k.scope, k.key, decode(k.request_hash, 'hex'), k.subject, k.created,
                       last.position, last.recorded_at
                  FROM jsonb_to_record(command -> 'idempotency')
                       AS k (scope text, key text, request_hash text, subject text, created boolean);
            END IF;
            result := ('appended', NULL, NULL, last.position, last.recorded_at);
        END IF;
        RETURN NEXT result;
    END LOOP;
    IF last.position > started THEN
        UPDATE head SET position = last.position, recorded_at = last.recorded_at;
    END IF;
END $$;
