-- name: differing
-- What happened between two ends to the objectives that were ever in a cycle and to the key results that these ever had:
-- objective, type, fields of a change; and, with no type, objectives of which a key result was ever linked to a KPI.
WITH goals AS (
        SELECT child AS objective FROM attachments
         WHERE parent = 'cycle/' || %(cycle)s::uuid AND position <= %(as_of)s),
     streams AS (
        SELECT objective, objective AS stream FROM goals
         UNION ALL
        SELECT g.objective, a.child FROM goals AS g
          JOIN attachments AS a ON a.parent = g.objective
         WHERE starts_with(a.child, 'key_result/') AND a.position <= %(as_of)s)
SELECT DISTINCT split_part(s.objective, '/', 2)::uuid AS id, e.type,
       CASE WHEN e.type LIKE '%%.changed' THEN ARRAY(SELECT jsonb_object_keys(e.data)) END AS fields
  FROM streams AS s
  JOIN events AS e ON e.stream = s.stream
 WHERE e.position <= %(as_of)s AND e.effective_at <= %(valid_at)s
   AND (e.position > %(old_as_of)s OR e.effective_at > %(old_valid_at)s)
 UNION ALL
SELECT DISTINCT split_part(s.objective, '/', 2)::uuid, NULL, NULL::text[]
  FROM streams AS s
  JOIN attachments AS k ON k.child = s.stream AND starts_with(k.parent, 'kpi/') AND k.position <= %(as_of)s;
