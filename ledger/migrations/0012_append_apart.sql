-- Commands that have nothing to do with one another are taken in together: each check and each table is one statement
-- for all of them, instead of one a command. What is checked and what is written are as before (0007).
--
-- ledger/runs.py divides what waits into runs, and says what is in one of these:
--   {"commands": […]}   commands in the form of 0003, one after the other, each seeing what those before it wrote
--   {"counts": […], …}  commands of which none looks at what another of them writes; their parts stand in lists, each
--                       part with `c`, the index of its command, and `counts` has the number of events of each command

CREATE FUNCTION append_apart(run jsonb) RETURNS SETOF append_outcome
LANGUAGE plpgsql SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = auto AS $$
DECLARE
    last head%ROWTYPE;
    at timestamptz;
    results append_outcome[];
    refused integer[] := '{}';
    counts integer[] := ARRAY(SELECT jsonb_array_elements_text(run -> 'counts'))::integer[];
    -- Where the first event of each command is.
    firsts bigint[];
    next bigint;
    n integer;
    one record;
BEGIN
    SELECT * INTO STRICT last FROM head FOR UPDATE;
    -- Strictly after the last one, also when the machine's clock was set back (greatest ignores nulls).
    at := greatest(clock_timestamp(), last.recorded_at + interval '1 microsecond');

    IF run ? 'idempotency' THEN
        FOR one IN
            SELECT k.c, CASE WHEN i.request_hash = decode(k.request_hash, 'hex') THEN 'replayed' ELSE 'key_reused' END
                        AS outcome, i.subject, i.created, i.position, i.recorded_at
              FROM jsonb_to_recordset(run -> 'idempotency') AS k (c integer, scope text, key text, request_hash text)
             CROSS JOIN LATERAL (SELECT * FROM idempotency WHERE scope = k.scope AND key = k.key LIMIT 1) AS i
        LOOP
            refused := refused || one.c;
            results[one.c] := (one.outcome, one.subject, one.created, one.position, one.recorded_at);
        END LOOP;
    END IF;

    -- The versions that were relied on, each with the commands that did.
    FOR one IN
        SELECT g.cs, g.stream
          FROM jsonb_to_recordset(run -> 'guards') AS g (cs integer[], stream text, version bigint)
         WHERE g.version <> coalesce((SELECT max(e.version) FROM events e WHERE e.stream = g.stream), 0)
    LOOP
        FOREACH n IN ARRAY one.cs LOOP
            IF n <> ALL (refused) THEN
                refused := refused || n;
                results[n] := ('conflict', one.stream, NULL, NULL, NULL);
            END IF;
        END LOOP;
    END LOOP;

    IF run ? 'children' THEN
        FOR one IN
            SELECT g.c, g.parent
              FROM jsonb_to_recordset(run -> 'children') AS g (c integer, parent text, kind text, number bigint)
             WHERE g.c <> ALL (refused)
               AND g.number <> (SELECT count(*) FROM attachments a
                                 WHERE a.parent = g.parent AND starts_with(a.child, g.kind || '/'))
        LOOP
            refused := refused || one.c;
            results[one.c] := ('conflict', one.parent, NULL, NULL, NULL);
        END LOOP;
    END IF;

    IF run ? 'claims' THEN
        FOR one IN
            SELECT w.c, held.stream
              FROM jsonb_to_recordset(run -> 'claims') AS w (c integer, scope text, value text, stream text)
             CROSS JOIN LATERAL (
                   SELECT c.stream FROM claims c WHERE c.scope = w.scope AND c.value = w.value LIMIT 1) AS held
             WHERE held.stream <> w.stream AND w.c <> ALL (refused)
        LOOP
            refused := refused || one.c;
            results[one.c] := ('claimed', one.stream, NULL, NULL, NULL);
        END LOOP;
    END IF;

    -- Most events state no time of their own.
    IF run ? 'times' THEN
        FOR one IN
            SELECT t.c FROM jsonb_to_recordset(run -> 'times') AS t (c integer, latest timestamptz)
             WHERE t.latest > at AND t.c <> ALL (refused)
        LOOP
            refused := refused || one.c;
            results[one.c] := ('future', NULL, NULL, NULL, NULL);
        END LOOP;
    END IF;

    IF run ? 'not_before' THEN
        FOR one IN
            SELECT b.c, b.cycle
              FROM jsonb_to_recordset(run -> 'not_before') AS b (c integer, cycle uuid, earliest timestamptz)
             WHERE (SELECT max(e.effective_at) FROM cycle_events e WHERE e.cycle = b.cycle) > least(b.earliest, at)
               AND b.c <> ALL (refused)
        LOOP
            refused := refused || one.c;
            results[one.c] := ('too_early', one.cycle::text, NULL, NULL, NULL);
        END LOOP;
    END IF;

    next := last.position + 1;
    FOR n IN 1 .. cardinality(counts) LOOP
        firsts[n] := next;
        IF n <> ALL (refused) THEN
            next := next + counts[n];
            results[n] := ('appended', NULL, NULL, next - 1,
                           CASE WHEN next - 1 > last.position
                                THEN at + (next - 2 - last.position) * interval '1 microsecond'
                                ELSE last.recorded_at END);
        END IF;
    END LOOP;

    -- Each event a microsecond after the one before.
    INSERT INTO events
    SELECT e.position, e.id, e.stream, e.version, e.type, e.schema_version, e.data, e.texts, e.actor, e.on_behalf_of,
           e.correlation_id, coalesce(e.effective_at, t.recorded_at), e.reported_at, t.recorded_at
      FROM (SELECT firsts[c] + event AS position, *
              FROM jsonb_to_recordset(run -> 'events') AS (
                   c integer, event integer, id uuid, stream text, version integer, type text, schema_version integer,
                   data jsonb, texts jsonb, actor uuid, on_behalf_of uuid, correlation_id text,
                   effective_at timestamptz, reported_at timestamptz)
             WHERE c <> ALL (refused)) AS e,
           LATERAL (SELECT at + (e.position - last.position - 1) * interval '1 microsecond') AS t (recorded_at);

    IF run ? 'attach' THEN
        INSERT INTO attachments
        SELECT a.parent, a.child, firsts[a.c] + a.event
          FROM jsonb_to_recordset(run -> 'attach') AS a (c integer, event integer, parent text, child text)
         WHERE a.c <> ALL (refused)
            ON CONFLICT DO NOTHING;
    END IF;

    IF run ? 'cycles' THEN
        INSERT INTO cycle_events
        SELECT y.cycle, coalesce(y.effective_at, at + (y.position - last.position - 1) * interval '1 microsecond'),
               y.position
          FROM (SELECT firsts[c] + event AS position, *
                  FROM jsonb_to_recordset(run -> 'cycles')
                       AS (c integer, event integer, cycle uuid, effective_at timestamptz)
                 WHERE c <> ALL (refused)) AS y
            ON CONFLICT DO NOTHING;
    END IF;

    IF run ? 'claims' THEN
        INSERT INTO claims
        SELECT w.scope, w.value, w.stream, firsts[w.c] + w.event
          FROM jsonb_to_recordset(run -> 'claims')
               AS w (c integer, event integer, scope text, value text, stream text)
         WHERE w.c <> ALL (refused)
            ON CONFLICT DO NOTHING;
    END IF;

    IF run ? 'idempotency' THEN
        INSERT INTO idempotency
        SELECT k.scope, k.key, decode(k.request_hash, 'hex'), k.subject, k.created,
               results[k.c].position, results[k.c].recorded_at
          FROM jsonb_to_recordset(run -> 'idempotency')
               AS k (c integer, scope text, key text, request_hash text, subject text, created boolean)
         WHERE k.c <> ALL (refused);
    END IF;

    IF next > last.position + 1 THEN
        UPDATE head SET position = next - 1, recorded_at = at + (next - 2 - last.position) * interval '1 microsecond';
    END IF;
    RETURN QUERY SELECT * FROM unnest(results);
END $$;

-- Takes runs in, one after the other; answers each command of each, in order. Who holds the head, and hangs, is not
-- waited for without end: nothing is recorded then.
CREATE FUNCTION append_runs(runs jsonb) RETURNS SETOF append_outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '10s' AS $$
DECLARE
    run jsonb;
BEGIN
    FOR run IN SELECT * FROM jsonb_array_elements(runs) LOOP
        IF run ? 'commands' THEN
            RETURN QUERY SELECT * FROM append_events(run -> 'commands');
        ELSE
            RETURN QUERY SELECT * FROM append_apart(run);
        END IF;
    END LOOP;
END $$;

DO $$
DECLARE
    app name := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ' || quote_ident(current_schema()) || ' FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION append_runs TO %I', app);
END $$;
