-- name: named
-- Some events, named by position or id, as far as they are known; `parents`: what their streams are attached to.
SELECT w.n - 1 AS n, e.position, e.stream,
       ARRAY(SELECT a.parent FROM attachments AS a WHERE a.child = e.stream AND a.position <= %(as_of)s) AS parents
  FROM unnest(%(positions)s::bigint[], %(ids)s::uuid[]) WITH ORDINALITY AS w (position, id, n)
 CROSS JOIN LATERAL (
        SELECT position, stream FROM events WHERE position = w.position
         UNION ALL
        SELECT position, stream FROM events WHERE id = w.id) AS e
 WHERE e.position <= %(as_of)s
 ORDER BY w.n;

-- name: restated
-- The positions of what put points of some KPIs right.
SELECT e.position
  FROM attachments AS a
  JOIN events AS e ON e.stream = a.child AND e.type = 'measurements.restated' AND e.position <= %(as_of)s
 WHERE a.parent = ANY (%(kpis)s) AND starts_with(a.child, 'measurements/');

-- name: came
-- When things were first attached to any of some parents.
SELECT split_part(child, '/', 2)::uuid AS id, min(position) AS position
  FROM attachments
 WHERE parent = ANY (%(parents)s) AND position <= %(as_of)s
   AND (starts_with(child, 'objective/') OR starts_with(child, 'key_result/'))
 GROUP BY child;
