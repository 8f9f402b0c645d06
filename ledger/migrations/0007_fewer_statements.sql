-- A command is taken in by fewer statements: what each costs is mostly its start and end, not its rows. What is written
-- is as it was (0003); a command of one event, without times of its own, runs two statements less. What is checked is as
-- it was but for one thing: a guard on a parent's children names their number, not the position of the last one. Of a
-- batch that attaches children itself that position is not known beforehand.

-- Why a command is not taken, `outcome` null if nothing speaks against it. `at`: when its first event would be
-- recorded. The caller holds the lock on head, so nothing that is looked at here can change before the commit.
CREATE OR REPLACE FUNCTION refusal(command jsonb, at timestamptz) RETURNS append_outcome LANGUAGE plpgsql AS $$
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

    -- The versions that were relied on: named ones, and the one that the first event continues (null without events).
    SELECT 'conflict', g.stream INTO result
      FROM (SELECT key AS stream, value::bigint AS version FROM jsonb_each_text(command -> 'guards')
            UNION ALL
            SELECT command #>> '{events,0,stream}', (command #>> '{events,0,version}')::bigint - 1) AS g
     WHERE g.version <> coalesce((SELECT max(e.version) FROM events e WHERE e.stream = g.stream), 0)
     LIMIT 1;
    IF FOUND THEN RETURN result; END IF;

    -- Several events may continue one another.
    IF jsonb_array_length(command -> 'events') > 1 THEN
        SELECT 'conflict', g.stream INTO result
          FROM (SELECT e.stream, e.version - row_number() OVER (PARTITION BY e.stream ORDER BY e.n) AS version
                  FROM ROWS FROM (jsonb_to_recordset(command -> 'events') AS (stream text, version integer))
                       WITH ORDINALITY AS e (stream, version, n)) AS g
         WHERE g.version <> coalesce((SELECT max(e.version) FROM events e WHERE e.stream = g.stream), 0)
         LIMIT 1;
        IF FOUND THEN RETURN result; END IF;
    END IF;

    IF command ? 'children' THEN
        SELECT 'conflict', g.parent INTO result
          FROM jsonb_to_recordset(command -> 'children') AS g (parent text, kind text, number bigint)
         WHERE g.number <> (SELECT count(*) FROM attachments a
                            WHERE a.parent = g.parent AND starts_with(a.child, g.kind || '/'))
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

    -- Most events state no time of their own.
    IF jsonb_path_exists(command, '$.events[*] ? (@.effective_at != null || @.reported_at != null)') THEN
        SELECT 'future', e.stream INTO result
          FROM jsonb_to_recordset(command -> 'events')
               AS e (stream text, effective_at timestamptz, reported_at timestamptz)
         WHERE e.effective_at > at OR e.reported_at > at
         LIMIT 1;
        IF FOUND THEN RETURN result; END IF;
    END IF;

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

-- Takes commands in, one after the other, and says what became of each. A refused command writes nothing and does
-- not hinder the others.
--
-- Every look-up is by an index. Plans are made once a session and kept: one made while a table is small would scan it,
-- and go on doing so while an import makes it large.
CREATE OR REPLACE FUNCTION append_events(commands jsonb) RETURNS SETOF append_outcome
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
            -- Each event a microsecond after the one before.
            INSERT INTO events
            SELECT last.position + e.n, e.id, e.stream, e.version, e.type, e.schema_version, e.data, e.texts,
                   e.actor, e.on_behalf_of, e.correlation_id,
                   coalesce(e.effective_at, t.recorded_at), e.reported_at, t.recorded_at
              FROM ROWS FROM (jsonb_to_recordset(command -> 'events') AS (
                       id uuid, stream text, version integer, type text, schema_version integer, data jsonb, texts jsonb,
                       actor uuid, on_behalf_of uuid, correlation_id text,
                       effective_at timestamptz, reported_at timestamptz)) WITH ORDINALITY
                   AS e (id, stream, version, type, schema_version, data, texts, actor, on_behalf_of, correlation_id,
                         effective_at, reported_at, n),
                   LATERAL (SELECT at + (e.n - 1) * interval '1 microsecond') AS t (recorded_at);
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

-- append_events does it itself: a call in SQL of a function in SQL costs more than the statement in it.
DROP FUNCTION take_in(jsonb, bigint, timestamptz);
