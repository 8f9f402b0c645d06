-- name: history
-- The events of a stream at both clocks, and the redactions of their texts, in the order of recording.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE position <= %(as_of)s AND effective_at <= %(valid_at)s
   AND (stream = %(stream)s OR (type = 'event.text_redacted' AND data ->> 'stream' = %(stream)s))
 ORDER BY position;

-- name: events
-- The ledger in order at both clocks, filtered.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE position > %(after)s AND position <= %(as_of)s AND effective_at <= %(valid_at)s
   AND (%(type)s::text IS NULL OR type = %(type)s)
   AND (%(stream)s::text IS NULL OR stream = %(stream)s)
   AND (%(actor)s::uuid IS NULL OR actor = %(actor)s)
   AND (%(effective_from)s::timestamptz IS NULL OR effective_at >= %(effective_from)s)
   AND (%(effective_to)s::timestamptz IS NULL OR effective_at <= %(effective_to)s)
   AND (%(recorded_from)s::timestamptz IS NULL OR recorded_at >= %(recorded_from)s)
   AND (%(recorded_to)s::timestamptz IS NULL OR recorded_at <= %(recorded_to)s)
 ORDER BY position
 LIMIT %(limit)s;

-- name: event
-- One event by its id.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE id = %(id)s AND position <= %(as_of)s;
