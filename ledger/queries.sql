-- name: append
-- Takes a group of appends in, one answer each, in order (migration 0012).
SELECT outcome, subject, created, position, recorded_at FROM append_runs(%(runs)s::jsonb);

-- name: take_lines
-- Keeps what became of the lines of an import (migration 0011).
SELECT take_lines(%(lines)s::jsonb);

-- name: restore
-- Takes in a part of an exported ledger; answers the position up to which it is restored (migration 0004).
SELECT restore_events(%(command)s::jsonb);

-- name: announce
-- Wakes those who follow the tail. Not durable, so it does not wait for the disk.
SELECT set_config('synchronous_commit', 'off', true), pg_notify('quarterdeck', payload)
  FROM unnest(%(payloads)s::text[]) AS told (payload);

-- name: listen
-- Hears of appends; the payload is the schema and the position.
LISTEN quarterdeck;

-- name: head
-- The last position, and when it was recorded.
SELECT position, recorded_at FROM head;

-- name: facts_of_streams
-- Everything recorded in some streams, up to a position if one is given. JSON as text: whoever reads it parses it,
-- which psycopg does more slowly. Nobody asks for their ids.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at
  FROM events
 WHERE stream = ANY (%(streams)s) AND (%(upto)s::bigint IS NULL OR position <= %(upto)s)
 ORDER BY position;

-- name: versions
-- How many events some streams have.
SELECT wanted.stream, last.version
  FROM unnest(%(streams)s::text[]) AS wanted (stream)
 CROSS JOIN LATERAL (SELECT version FROM events WHERE events.stream = wanted.stream ORDER BY version DESC LIMIT 1) AS last;

-- name: facts_after
-- The ledger in order, a page at a time.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE position > %(after)s AND position <= %(upto)s
 ORDER BY position
 LIMIT %(limit)s;

-- name: rows_after
-- The ledger in order as it is stored, a page at a time, of some types if any are given.
SELECT stream, version, position, type, schema_version, data::text, texts::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id, correlation_id
  FROM events
 WHERE position > %(after)s AND position <= %(upto)s AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s))
 ORDER BY position
 LIMIT %(limit)s;

-- name: rows_within
-- The ledger in order as it is stored, a page at a time: as many rows as are not too large together, and at least one.
-- Their sizes are known without reading them.
SELECT stream, version, position, type, schema_version, data::text, texts::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id, correlation_id
  FROM (SELECT *, sum(pg_column_size(data) + pg_column_size(texts)) OVER
                      (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
          FROM (SELECT * FROM events
                 WHERE position > %(after)s AND position <= %(upto)s ORDER BY position LIMIT %(limit)s) AS page) AS sized
 WHERE coalesce(before, 0) < %(bytes)s
 ORDER BY position;

-- name: rows_of_stream
-- One stream as it is stored, oldest first.
SELECT stream, version, position, type, schema_version, data::text, texts::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id, correlation_id
  FROM events
 WHERE stream = %(stream)s AND version > %(after)s AND version <= %(upto)s
 ORDER BY version
 LIMIT %(limit)s;

-- name: rows_of_stream_newest_first
-- The same from its end.
SELECT stream, version, position, type, schema_version, data::text, texts::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id, correlation_id
  FROM events
 WHERE stream = %(stream)s AND version > %(after)s AND version <= %(upto)s
 ORDER BY version DESC
 LIMIT %(limit)s;

-- name: position_at
-- The last position recorded by an instant; none before the first event.
SELECT position FROM events WHERE recorded_at <= %(instant)s ORDER BY recorded_at DESC LIMIT 1;

-- name: children_of
-- The things that were ever attached to some parents, each with the kind to look for, oldest first.
SELECT wanted.parent, wanted.kind, split_part(child, '/', 2)::uuid
  FROM unnest(%(parents)s::text[], %(kinds)s::text[]) AS wanted (parent, kind)
  JOIN attachments ON attachments.parent = wanted.parent AND starts_with(child, wanted.kind || '/')
 ORDER BY position, child;

-- name: last_effective_in
-- When the latest event of a cycle took effect; null without one.
SELECT max(effective_at) FROM cycle_events WHERE cycle = %(cycle)s;

-- name: holder
-- The stream that holds a unique name.
SELECT stream FROM claims WHERE scope = %(scope)s AND value = %(value)s;

-- name: holders
-- The streams that hold some of many unique names.
SELECT scope, value, stream
  FROM unnest(%(scopes)s::text[], %(values)s::text[]) AS wanted (scope, value)
  JOIN claims USING (scope, value);

-- name: texts_at
-- Where the free texts of an event stand in its data.
SELECT id, stream, ARRAY(SELECT jsonb_object_keys(texts) ORDER BY 1) FROM events WHERE position = %(position)s;

-- name: people
-- The personal data of some members; of all without a list.
SELECT member, name, email, external_id, source
  FROM people
 WHERE %(members)s::uuid[] IS NULL OR member = ANY (%(members)s)
 ORDER BY member;

-- name: key_beside
-- How a key stands.
SELECT CASE WHEN revoked_at IS NULL THEN 'active' ELSE 'revoked' END FROM keys WHERE id = %(id)s;

-- name: taken
-- What was answered to some idempotency keys of one scope.
SELECT key, request_hash, subject, created, position, recorded_at
  FROM idempotency
 WHERE scope = %(scope)s AND key = ANY (%(keys)s);
