-- name: closes
-- The closes of some cycles at both clocks, oldest first, and whether they are sealed by then.
SELECT split_part(c.stream, '/', 2)::uuid AS cycle, c.position, c.effective_at, s.position IS NOT NULL AS sealed
  FROM events AS c
  LEFT JOIN events AS s
    ON s.stream = c.stream AND s.type = 'cycle.sealed' AND (s.data ->> 'closed_position')::bigint = c.position
   AND s.position <= %(as_of)s
 WHERE c.type = 'cycle.closed' AND c.position <= %(as_of)s AND c.effective_at <= %(valid_at)s
   AND c.stream = ANY (SELECT 'cycle/' || id FROM unnest(%(cycles)s::uuid[]) AS id)
 ORDER BY c.position;

-- name: trees
-- The teams, each with the one above it, at many pairs of clocks; `n` is the pair, from 1 on.
SELECT w.n, v.id, v.parent
  FROM unnest(%(positions)s::bigint[], %(instants)s::timestamptz[]) WITH ORDINALITY AS w (position, instant, n)
 CROSS JOIN (SELECT DISTINCT id FROM team_versions) AS t
 CROSS JOIN LATERAL (
        SELECT id, parent FROM team_versions
         WHERE id = t.id AND valid_from <= w.instant
           AND known_from <= w.position AND (known_to IS NULL OR known_to > w.position)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v;

-- name: of_teams
-- The objectives of some teams in a cycle each at many pairs of clocks; `n` is the pair, from 1 on.
SELECT w.n, v.team, v.weight, v.state, v.grade, v.progress, v.score
  FROM unnest(%(cycles)s::uuid[], %(positions)s::bigint[], %(instants)s::timestamptz[])
       WITH ORDINALITY AS w (cycle, position, instant, n)
  JOIN attachments AS a ON a.parent = 'cycle/' || w.cycle AND a.position <= w.position
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= w.instant
           AND known_from <= w.position AND (known_to IS NULL OR known_to > w.position)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE v.cycle = w.cycle AND v.team = ANY (%(teams)s)
 ORDER BY w.n, a.position, a.child;
