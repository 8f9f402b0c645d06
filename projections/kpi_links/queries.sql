-- name: of_key_result
-- Every link of a key result at both clocks, oldest first.
SELECT v.*
  FROM (SELECT id, min(position) AS born FROM kpi_link_versions WHERE key_result = %(key_result)s GROUP BY id) AS l
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_link_versions
         WHERE id = l.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY v.linked_at, l.born;

-- name: driven
-- The key results that some KPIs drive at both clocks, as (kpi, key_result), in the order in which they were linked.
SELECT v.kpi, v.key_result
  FROM (SELECT id, min(position) AS born FROM kpi_link_versions WHERE kpi = ANY (%(kpis)s) GROUP BY id) AS l
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_link_versions
         WHERE id = l.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE v.ended_at IS NULL
 ORDER BY v.linked_at, l.born;
