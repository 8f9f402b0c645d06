-- name: standings
-- Where the books are.
SELECT name, version, position, error FROM books;

-- name: lock_standings
-- The same, held for writing: two projectors never write at once, whatever happened to their lease.
SELECT name, version, position, error FROM books FOR UPDATE;

-- name: advance
-- Moves books on, in the transaction of their rows.
UPDATE books AS b SET position = m.position, error = m.error
  FROM unnest(%(names)s::text[], %(positions)s::bigint[], %(errors)s::text[]) AS m (name, position, error)
 WHERE b.name = m.name;

-- name: place_book
-- A book in its present version, from the beginning.
INSERT INTO books (name, version, position) VALUES (%(name)s, %(version)s, %(position)s)
    ON CONFLICT (name) DO UPDATE SET (version, position, error) = (excluded.version, excluded.position, NULL);

-- name: forget_others
-- Books that this program no longer has.
DELETE FROM books WHERE name <> ALL (%(names)s);

-- name: try_lease
-- The lock of the active projector, held by its connection; `schema` tells the ledgers of a database apart.
SELECT pg_try_advisory_lock(hashtext('quarterdeck projector'), hashtext(%(schema)s));

-- name: show_lease
-- Says who projects.
INSERT INTO lease (holder, since) VALUES (%(holder)s, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET (holder, since) = (excluded.holder, excluded.since);

-- name: lease
-- Who projects.
SELECT holder, since FROM lease;

-- name: kin
-- The goals that some things are made of or drive, as (parent, child), up to a position.
SELECT parent, child FROM attachments
 WHERE parent = ANY (%(refs)s) AND position <= %(upto)s
   AND (starts_with(child, 'key_result/') OR starts_with(child, 'objective/'));

-- name: statements
-- Everything that was said of the points of some KPIs up to a position, in the order of recording.
SELECT split_part(a.parent, '/', 2)::uuid, p."on", e.position, e.recorded_at, p.value
  FROM (SELECT parent, child FROM attachments
         WHERE parent = ANY (%(kpis)s) AND starts_with(child, 'measurements/') AND position <= %(upto)s) AS a
  JOIN events AS e ON e.stream = a.child AND e.position <= %(upto)s
 CROSS JOIN LATERAL jsonb_to_recordset(
        coalesce(e.data -> 'points', jsonb_build_array(e.data))) AS p ("on" date, value numeric)
 ORDER BY e.position;

-- name: stream_sizes
-- Every stream that books tell of, with its number of events up to a position, in the order in which they began.
SELECT stream, count(*) FROM events WHERE position <= %(upto)s AND NOT starts_with(stream, 'event/')
 GROUP BY stream
 ORDER BY min(position);

-- name: attached
-- What makes goals hang together, as (parent, child), up to a position. A KPI's batches are attached to its quarters, too.
SELECT parent, child FROM attachments
 WHERE position <= %(upto)s AND NOT starts_with(child, 'initiative/') AND NOT starts_with(parent, 'measurements/');
