-- name: streams_of
-- The streams in which an event about the thing with an id may be: its own, those of a KPI's measurements, and that of a
-- check-in's key result.
SELECT kind || '/' || %(id)s::uuid AS stream FROM unnest(%(kinds)s::text[]) AS kind
 UNION
SELECT child FROM attachments WHERE parent = 'kpi/' || %(id)s::uuid AND starts_with(child, 'measurements/')
 UNION
SELECT 'key_result/' || key_result FROM check_in_versions WHERE id = %(id)s;

-- name: entries
-- Events at both clocks, filtered, newest first. A redaction is about the thing whose text it was, an event of a check-in
-- also about that, one of measurements also about their KPI. `points`: how many points it tells of, `length`: how many
-- events its stream has.
WITH entries AS (
        SELECT e.*, r.data AS redacted,
               CASE WHEN e.type = 'event.text_redacted' THEN e.data ->> 'stream' ELSE e.stream END AS subject
          FROM events AS e
          LEFT JOIN events AS r
            ON r.position = CASE WHEN e.type = 'event.text_redacted' THEN (e.data ->> 'position')::bigint END
         WHERE e.position >= %(floor)s AND e.position < %(before)s
           AND e.position <= %(as_of)s AND e.effective_at <= %(valid_at)s
           AND (%(streams)s::text[] IS NULL OR e.stream = ANY (%(streams)s)
                OR e.type = 'event.text_redacted' AND e.data ->> 'stream' = ANY (%(streams)s))
           AND (%(type)s::text IS NULL OR e.type = %(type)s)
           AND (%(actor)s::uuid IS NULL OR e.actor = %(actor)s)
           AND (%(on_behalf_of)s::uuid IS NULL OR e.on_behalf_of = %(on_behalf_of)s)
           AND (%(recorded_from)s::timestamptz IS NULL OR e.recorded_at >= %(recorded_from)s)
           AND (%(recorded_to)s::timestamptz IS NULL OR e.recorded_at <= %(recorded_to)s)
           AND (%(effective_from)s::timestamptz IS NULL OR e.effective_at >= %(effective_from)s)
           AND (%(effective_to)s::timestamptz IS NULL OR e.effective_at <= %(effective_to)s)
           AND (NOT %(late)s OR e.recorded_at - e.effective_at > interval '1 day')
           AND (%(cycle)s::uuid IS NULL OR %(goalposts)s OR EXISTS (
                SELECT FROM cycle_events AS c
                 WHERE c.cycle = %(cycle)s AND c.effective_at = e.effective_at AND c.position = e.position))
           -- Each word in some text; what was redacted has no "text" any more.
           AND (%(words)s::text[] IS NULL OR e.texts <> '{}' AND NOT EXISTS (
                SELECT FROM unnest(%(words)s) AS word
                 WHERE NOT EXISTS (SELECT FROM jsonb_each(e.texts) AS t
                                    WHERE lower(t.value ->> 'text') LIKE lower(word))))
           -- What may have moved the goalposts of the cycle that its thing was then in, and that had started by then.
           AND (NOT %(goalposts)s OR (
                e.type = 'cycle.rescheduled'
                OR e.type IN ('objective.changed', 'key_result.changed')
                   AND e.data ?| ARRAY['measure', 'weight', 'commitment']) AND EXISTS (
                SELECT FROM (
                       SELECT CASE WHEN e.type = 'cycle.rescheduled' THEN split_part(e.stream, '/', 2)::uuid ELSE (
                              SELECT o.cycle FROM objective_versions AS o
                               WHERE o.id = CASE WHEN e.type = 'objective.changed' THEN split_part(e.stream, '/', 2)::uuid
                                            ELSE (
                                     SELECT k.objective FROM key_result_versions AS k
                                      WHERE k.id = split_part(e.stream, '/', 2)::uuid
                                        AND (k.valid_from, k.position) <= (e.effective_at, e.position)
                                        AND k.known_from <= %(as_of)s
                                        AND (k.known_to IS NULL OR k.known_to > %(as_of)s)
                                      ORDER BY k.valid_from DESC, k.position DESC LIMIT 1) END
                                 AND (o.valid_from, o.position) <= (e.effective_at, e.position)
                                 AND o.known_from <= %(as_of)s AND (o.known_to IS NULL OR o.known_to > %(as_of)s)
                               ORDER BY o.valid_from DESC, o.position DESC LIMIT 1) END AS cycle) AS home
                 WHERE (%(cycle)s::uuid IS NULL OR home.cycle = %(cycle)s)
                   AND e.effective_at >= (
                       SELECT c.starts_on::timestamp AT TIME ZONE 'UTC' FROM cycle_versions AS c
                        WHERE c.id = home.cycle AND (c.valid_from, c.position) < (e.effective_at, e.position)
                          AND c.known_from <= %(as_of)s AND (c.known_to IS NULL OR c.known_to > %(as_of)s)
                        ORDER BY c.valid_from DESC, c.position DESC LIMIT 1))))
SELECT position, stream, check_in, kpi, points,
       (SELECT max(version) FROM events AS s WHERE s.stream = found.stream) AS length
  FROM (SELECT position, stream, subject,
               CASE WHEN type = 'measurements.recorded' THEN jsonb_array_length(data -> 'points') ELSE 1 END AS points,
               coalesce(data ->> 'check_in', redacted ->> 'check_in')::uuid AS check_in,
               CASE WHEN starts_with(subject, 'measurements/') THEN coalesce(redacted, data) ->> 'kpi' END::uuid AS kpi
          FROM entries) AS found
 WHERE (%(kind)s::text IS NULL OR CASE %(kind)s
        WHEN 'check_in' THEN check_in IS NOT NULL
        WHEN 'kpi' THEN kpi IS NOT NULL OR starts_with(subject, 'kpi/')
        ELSE starts_with(subject, %(kind)s || '/') END)
   AND (%(id)s::uuid IS NULL OR CASE %(kind)s::text
        WHEN 'check_in' THEN check_in = %(id)s
        WHEN 'kpi' THEN %(id)s IN (kpi, split_part(subject, '/', 2)::uuid)
        ELSE %(id)s = split_part(subject, '/', 2)::uuid OR %(kind)s::text IS NULL AND %(id)s IN (check_in, kpi) END)
 ORDER BY position DESC
 LIMIT %(limit)s;

-- name: folded
-- The events of some streams at both clocks, one stream after the other, each in the fold's order.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE stream = ANY (%(streams)s) AND position <= %(as_of)s AND effective_at <= %(valid_at)s
 ORDER BY stream, effective_at, position;

-- name: names
-- What some members are called; the erased are left out.
SELECT member, name FROM people WHERE member = ANY (%(members)s) AND name IS NOT NULL;
