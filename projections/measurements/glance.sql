-- name: recent
-- The last so many points of some KPIs at both clocks, by day, each as it was said last.
SELECT wanted.kpi, point."on", point.value
  FROM unnest(%(kpis)s::uuid[]) AS wanted (kpi)
 CROSS JOIN LATERAL (
        SELECT DISTINCT ON ("on") "on", value FROM measurement_versions
         WHERE kpi = wanted.kpi AND position <= %(as_of)s AND valid_from <= %(valid_at)s
         ORDER BY "on" DESC, position DESC
         LIMIT %(count)s) AS point
 ORDER BY wanted.kpi, point."on";
