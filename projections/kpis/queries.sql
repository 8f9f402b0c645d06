-- name: at
-- Some KPIs at both clocks, in the order asked for, each with its latest point; those that did not exist yet are left
-- out.
SELECT v.*, h."on" AS latest_on, h.value AS latest_value, h.health, h.trend
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_health_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS h
 ORDER BY wanted.n;

-- name: page
-- A page of KPIs at both clocks, oldest first; `after` and `born` are the positions of their first events.
SELECT v.*, h."on" AS latest_on, h.value AS latest_value, h.health, h.trend, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_health_versions
         WHERE id = v.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS h
 WHERE e.type = 'kpi.defined' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(team)s::uuid IS NULL OR v.team = %(team)s)
   AND (%(owner)s::uuid IS NULL OR v.owner = %(owner)s)
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(parent)s::uuid IS NULL OR v.parent = %(parent)s)
   AND (%(perspective)s::text IS NULL OR v.perspective = %(perspective)s)
   AND (%(indicator)s::text IS NULL OR v.indicator = %(indicator)s)
   AND (%(direction)s::text IS NULL OR v.direction = %(direction)s)
   AND (%(unit)s::text IS NULL OR v.unit = %(unit)s)
   AND (%(tag)s::text IS NULL OR %(tag)s = ANY (v.tags))
   AND (%(health)s::text IS NULL OR h.health = %(health)s)
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: retired_young
-- How many KPIs of a team are retired at both clocks, and were so within some days of their definition.
SELECT count(*)
  FROM (SELECT DISTINCT id FROM kpi_versions WHERE team = %(team)s) AS c
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_versions
         WHERE id = c.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 CROSS JOIN LATERAL (
        SELECT min(effective_at) FILTER (WHERE type = 'kpi.defined') AS began,
               max(effective_at) FILTER (WHERE type = 'kpi.retired') AS ended
          FROM events
         WHERE stream = 'kpi/' || c.id AND position <= %(as_of)s AND effective_at <= %(valid_at)s) AS life
 WHERE v.team = %(team)s AND v.state = 'retired' AND life.ended - life.began <= make_interval(days => %(days)s);
