-- name: statements
-- Everything that was said of a KPI's points at both clocks, by day, oldest first: of a day the last one holds.
SELECT "on", value, note, reason, redactions, position, recorded_at, valid_from
  FROM measurement_versions
 WHERE kpi = %(kpi)s AND position <= %(as_of)s AND valid_from <= %(valid_at)s
 ORDER BY "on", position;

-- name: page
-- The same of a page of days after a day.
SELECT m."on", m.value, m.note, m.reason, m.redactions, m.position, m.recorded_at, m.valid_from
  FROM (SELECT DISTINCT "on" FROM measurement_versions
         WHERE kpi = %(kpi)s AND position <= %(as_of)s AND valid_from <= %(valid_at)s
           AND (%(after)s::date IS NULL OR "on" > %(after)s)
           AND (%(from_on)s::date IS NULL OR "on" >= %(from_on)s)
           AND (%(to_on)s::date IS NULL OR "on" <= %(to_on)s)
         ORDER BY "on" LIMIT %(limit)s) AS days
  JOIN measurement_versions AS m ON m.kpi = %(kpi)s AND m."on" = days."on"
 WHERE m.position <= %(as_of)s AND m.valid_from <= %(valid_at)s
 ORDER BY m."on", m.position;

-- name: values
-- The points of some KPIs at both clocks, by day.
SELECT DISTINCT ON (kpi, "on") kpi, "on", value
  FROM measurement_versions
 WHERE kpi = ANY (%(kpis)s) AND position <= %(as_of)s AND valid_from <= %(valid_at)s
 ORDER BY kpi, "on", position DESC;

-- name: changes
-- What some events of a KPI's streams said of its points that are in effect, each with the value that it took the
-- place of.
SELECT m.position, m."on", m.value AS new,
       (SELECT o.value FROM measurement_versions AS o
         WHERE o.kpi = m.kpi AND o."on" = m."on" AND o.position < m.position
         ORDER BY o.position DESC LIMIT 1) AS old
  FROM measurement_versions AS m
 WHERE m.id = ANY (%(streams)s) AND m.position = ANY (%(positions)s) AND m.valid_from <= %(valid_at)s
 ORDER BY m.position, m."on";
