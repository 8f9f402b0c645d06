-- name: standing
-- How far behind the head each book is, and the tree (which has no name): in events, and in seconds by the age of the
-- first event that it lacks. Single rows by their keys, however long the ledger is.
SELECT f.name, head.position AS head,
       greatest(head.position - f.position, 0) AS lag_events,
       coalesce(extract(epoch FROM greatest(clock_timestamp() - missing.recorded_at, interval '0')), 0)::float8
           AS lag_seconds,
       f.stopped::integer AS stopped
  FROM head
 CROSS JOIN (
        SELECT name, position, error IS NOT NULL AS stopped FROM books
         UNION ALL
        SELECT NULL, coalesce((SELECT max(size) FROM checkpoints), 0), false
       ) AS f
  LEFT JOIN events AS missing ON missing.position = f.position + 1
 ORDER BY f.name;
