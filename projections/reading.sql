-- name: positions
-- Where the books are, and the ledger's head, and the clock: what a read may reflect; and whether a book is stopped.
SELECT (SELECT min(position) FROM books), (SELECT position FROM head), clock_timestamp(),
       EXISTS (SELECT FROM books WHERE error IS NOT NULL);

-- name: position_at
-- The last position recorded by an instant.
SELECT position FROM events WHERE recorded_at <= %(instant)s ORDER BY recorded_at DESC LIMIT 1;

-- name: recorded_at
-- When a position was recorded, and where the books are. From here on no statement of the answer works longer than a
-- minute, whatever was asked: it would hold a connection that others wait for.
SELECT (SELECT recorded_at FROM events WHERE position = %(position)s), (SELECT coalesce(min(position), 0) FROM books),
       set_config('statement_timeout', '60s', true);

-- name: label
-- The cycle that holds a label, if it did by then.
SELECT split_part(stream, '/', 2)::uuid FROM claims
 WHERE scope = 'cycle_label' AND value = %(label)s AND position <= %(as_of)s;

-- name: named
-- The things of a kind that carry a caller's id, whatever its source.
SELECT split_part(stream, '/', 2)::uuid FROM claims
 WHERE value = %(external_id)s AND starts_with(scope, 'external_id:' || %(kind)s || ':') AND position <= %(as_of)s;

-- name: named_check_ins
-- The same for check-ins, which have no stream of their own.
SELECT (e.data ->> 'check_in')::uuid FROM claims AS c JOIN events AS e ON e.position = c.position
 WHERE c.value = %(external_id)s AND starts_with(c.scope, 'external_id:check_in:') AND c.position <= %(as_of)s;

-- name: last_of_stream
-- The position of a stream's last event by then: its ETag.
SELECT max(position) FROM events WHERE stream = %(stream)s AND position <= %(as_of)s;

-- name: last_of_check_in
-- The same for a check-in.
SELECT max(position) FROM events
 WHERE stream = %(stream)s AND data ->> 'check_in' = %(check_in)s AND position <= %(as_of)s;

-- name: last_blanked
-- The latest removal of a text, from one stream's events if one is named, else from any, or of a person.
SELECT coalesce(max(position), 0) FROM events
 WHERE type IN ('event.text_redacted', 'member.erased')
   AND (%(stream)s::text IS NULL OR data ->> 'stream' = %(stream)s);

-- name: stands
-- Where the books are and where the ledger ends, and how many names there are: what any answer is made from.
SELECT (SELECT min(position) FROM books) AS books, (SELECT position FROM head) AS head,
       (SELECT count(*) FROM people) AS people;

-- name: people
-- Names and addresses of some members; erased ones are left out.
SELECT member, name, email, external_id FROM people WHERE member = ANY (%(members)s);

-- name: replica_stands
-- Of a replica: whether it is one, where its books are and when that was recorded, and the clock.
SELECT pg_is_in_recovery(), b.position, (SELECT recorded_at FROM events AS e WHERE e.position = b.position),
       clock_timestamp()
  FROM (SELECT coalesce(min(position), 0) AS position FROM books) AS b;

-- name: newest
-- Of a replica: whether it is one, where its books are, and its last event.
SELECT pg_is_in_recovery(), (SELECT coalesce(min(position), 0) FROM books), e.position, e.id
  FROM events AS e ORDER BY e.position DESC LIMIT 1;

-- name: beside
-- Of the primary, beside that: the head, where the books are, the last time that something was redacted or erased,
-- and whether the replica's last event is ours.
SELECT (SELECT position FROM head), (SELECT coalesce(min(position), 0) FROM books),
       coalesce(greatest((SELECT max(position) FROM events WHERE type = 'event.text_redacted'),
                         (SELECT max(position) FROM events WHERE type = 'member.erased')), 0),
       EXISTS (SELECT FROM events WHERE position = %(position)s AND id = %(id)s);
