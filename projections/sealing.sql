-- name: unsealed
-- Closes of cycles that have no seal yet, oldest first, with who closed.
SELECT split_part(c.stream, '/', 2)::uuid, c.position, c.actor, c.on_behalf_of
  FROM events AS c
 WHERE c.type = 'cycle.closed'
   AND NOT EXISTS (
        SELECT FROM events AS s
         WHERE s.stream = c.stream AND s.type = 'cycle.sealed' AND (s.data ->> 'closed_position')::bigint = c.position)
 ORDER BY c.position;
