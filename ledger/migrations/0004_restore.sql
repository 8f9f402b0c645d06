-- The way back in for a ledger that was exported: positions and times as they were. It is open as long as nothing
-- was appended to this ledger, so a long export may come in many calls, and a ledger in use cannot be touched.

-- Takes in one command (its shape is that of append_events, its events also have position and recorded_at) and
-- answers the position up to which the ledger is restored.
CREATE FUNCTION restore_events(command jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last head%ROWTYPE;
    broken bigint;
BEGIN
    SELECT * INTO STRICT last FROM head FOR UPDATE;
    IF last.position > last.restored THEN
        RAISE EXCEPTION 'this ledger has events of its own, up to position %; only an empty one can be restored',
            last.position USING ERRCODE = 'restrict_violation';
    END IF;

    SELECT n.position INTO broken
      FROM (SELECT position, version, recorded_at,
                   last.position + row_number() OVER by_position AS next_position,
                   lag(recorded_at, 1, last.recorded_at) OVER by_position AS recorded_before,
                   coalesce((SELECT max(e.version) FROM events e WHERE e.stream = given.stream), 0)
                       + row_number() OVER (PARTITION BY stream ORDER BY position) AS next_version
              FROM jsonb_populate_recordset(NULL::events, command -> 'events') AS given
            WINDOW by_position AS (ORDER BY position)) AS n
     WHERE n.position <> n.next_position OR n.version <> n.next_version OR n.recorded_at <= n.recorded_before
     ORDER BY n.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'event % does not follow on what was restored, up to position %', broken, last.position
            USING ERRCODE = 'restrict_violation',
                  DETAIL = 'Positions and versions must be gapless, and times must increase.';
    END IF;

    INSERT INTO events SELECT * FROM jsonb_populate_recordset(NULL::events, command -> 'events');
    PERFORM take_in_beside(command, last.position + 1);
    UPDATE head SET position = e.position, recorded_at = e.recorded_at, restored = e.position
      FROM (SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1) AS e
    RETURNING head.position INTO last.position;
    RETURN last.position;
END $$;
