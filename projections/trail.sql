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

-- name: history_of_kpi
-- A page of the events of a KPI, of its measurements and of the redactions of both, at both clocks, newest first;
-- `points`: how many points each tells of.
WITH streams AS (
        SELECT %(stream)s AS stream
         UNION ALL
        SELECT child FROM attachments
         WHERE parent = %(stream)s AND starts_with(child, 'measurements/') AND position <= %(as_of)s)
SELECT position, CASE WHEN type = 'measurements.recorded' THEN jsonb_array_length(data -> 'points') ELSE 1 END AS points
  FROM (SELECT e.position, e.type, e.data, e.effective_at FROM events AS e JOIN streams AS s ON e.stream = s.stream
         UNION ALL
        SELECT e.position, e.type, e.data, e.effective_at FROM events AS e JOIN streams AS s
            ON e.type = 'event.text_redacted' AND e.data ->> 'stream' = s.stream) AS found
 WHERE position <= %(as_of)s AND effective_at <= %(valid_at)s
   AND (%(before)s::bigint IS NULL OR position < %(before)s)
 ORDER BY position DESC
 LIMIT %(limit)s;

-- name: at_positions
-- Some events by their positions.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE position = ANY (%(positions)s);
