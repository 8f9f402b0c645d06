-- Making and revoking keys are events now, so what becomes of a key's row is written with them, by take_in_beside: once
-- for append_events and for restore_events. A command without keys runs no statement more.

-- A key that was restored from an export has no hash, since no export has: nothing opens the ledger with it.
ALTER TABLE keys ALTER hash DROP NOT NULL;
-- The keys of a member who is erased.
CREATE INDEX keys_member ON keys (member) WHERE member IS NOT NULL;

-- Writes what the ledger keeps beside a command's events, the first of which is at position `first`.
CREATE OR REPLACE FUNCTION take_in_beside(command jsonb, first bigint) RETURNS void LANGUAGE plpgsql AS $$
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

    IF command ? 'keys' THEN
        INSERT INTO keys (id, hash, role, member, expires_at, created_at)
        SELECT k.id, decode(k.hash, 'hex'), k.role, k.member, k.expires_at, e.recorded_at
          FROM jsonb_to_recordset(command -> 'keys')
               AS k (event integer, id uuid, hash text, role text, member uuid, expires_at timestamptz)
          JOIN events AS e ON e.position = first + k.event;
    END IF;

    -- A key, or all keys of a member.
    IF command ? 'revoke' THEN
        UPDATE keys AS k SET revoked_at = e.recorded_at
          FROM jsonb_to_recordset(command -> 'revoke') AS r (event integer, key uuid, member uuid)
          JOIN events AS e ON e.position = first + r.event
         WHERE (k.id = r.key OR k.member = r.member) AND k.revoked_at IS NULL;
    END IF;
END $$;

-- Members who were erased before erasing took the power of their keys.
UPDATE keys AS k SET revoked_at = e.recorded_at
  FROM events AS e
 WHERE e.stream = 'member/' || k.member AND e.type = 'member.erased' AND k.revoked_at IS NULL;

-- The server makes the first key itself and notes when keys are used. It revokes them through append_events alone.
DO $$
DECLARE
    app name := current_schema() || '_app';
BEGIN
    EXECUTE format('REVOKE UPDATE (revoked_at) ON keys FROM %I', app);
    EXECUTE 'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ' || quote_ident(current_schema()) || ' FROM PUBLIC';
END $$;
