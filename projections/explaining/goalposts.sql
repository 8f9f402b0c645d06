-- name: moved
-- The streams of a cycle, of the objectives ever in it and of the key results that those ever had, in which a measure,
-- a weight, a commitment or a date was changed, at both clocks.
WITH goals AS (
        SELECT child AS objective FROM attachments
         WHERE parent = 'cycle/' || %(cycle)s::uuid AND position <= %(as_of)s),
     streams AS (
        SELECT 'cycle/' || %(cycle)s::uuid AS stream
         UNION
        SELECT objective FROM goals
         UNION
        SELECT a.child FROM goals AS g
          JOIN attachments AS a ON a.parent = g.objective
         WHERE starts_with(a.child, 'key_result/') AND a.position <= %(as_of)s)
SELECT split_part(stream, '/', 1) AS kind, split_part(stream, '/', 2)::uuid AS id
  FROM streams AS s
 WHERE EXISTS (SELECT FROM events AS e
                WHERE e.stream = s.stream AND e.position <= %(as_of)s AND e.effective_at <= %(valid_at)s
                  AND (e.type = 'cycle.rescheduled'
                       OR e.type IN ('objective.changed', 'key_result.changed')
                          AND e.data ?| ARRAY['measure', 'weight', 'commitment']));
