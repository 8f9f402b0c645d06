-- What became of the lines of an import, many at once. An append keeps one idempotency key; an import appends what
-- a hundred lines came to in one, since what an append costs is mostly its statements, and keeps their keys here, in
-- the same transaction. A key that was taken meanwhile is an error, and then nothing of the import is kept.
CREATE FUNCTION take_lines(lines jsonb) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO idempotency
    SELECT k.scope, k.key, decode(k.request_hash, 'hex'), k.subject, k.created, k.position,
           (SELECT e.recorded_at FROM events e WHERE e.position = k.position)
      FROM jsonb_to_recordset(lines)
           AS k (scope text, key text, request_hash text, subject text, created boolean, position bigint);
$$;

DO $$
BEGIN
    REVOKE EXECUTE ON FUNCTION take_lines FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION take_lines TO %I', current_schema() || '_app');
END $$;
