-- name: at
-- How some KPIs stand at both clocks: their latest points.
SELECT v.*
  FROM unnest(%(ids)s::uuid[]) AS wanted (id)
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_health_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v;
