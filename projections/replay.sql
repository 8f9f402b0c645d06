-- name: entries
-- The events of a cycle, of every objective that was ever in it, of their key results and of the initiatives on those,
-- at both clocks, after a place, in the fold's order.
WITH goals AS (
        SELECT DISTINCT child AS stream FROM attachments
         WHERE parent = 'cycle/' || %(cycle)s::uuid AND position <= %(as_of)s),
     parts AS (
        SELECT DISTINCT a.child AS stream FROM attachments AS a JOIN goals AS g ON a.parent = g.stream
         WHERE starts_with(a.child, 'key_result/') AND a.position <= %(as_of)s),
     streams AS (
        SELECT 'cycle/' || %(cycle)s::uuid AS stream
         UNION ALL SELECT stream FROM goals
         UNION ALL SELECT stream FROM parts
         UNION
        SELECT a.child FROM attachments AS a JOIN parts AS p ON a.parent = p.stream
         WHERE starts_with(a.child, 'initiative/') AND a.position <= %(as_of)s)
SELECT e.stream, e.version, e.position, e.type, e.schema_version, e.data::text, nullif(e.texts, '{}')::text,
       e.effective_at, e.recorded_at, e.actor, e.on_behalf_of, e.reported_at, e.id
  FROM streams AS s JOIN events AS e ON e.stream = s.stream
 WHERE e.position <= %(as_of)s AND e.effective_at <= %(valid_at)s
   AND (e.effective_at, e.position) > (%(after_at)s::timestamptz, %(after_position)s)
 ORDER BY e.effective_at, e.position;

-- name: facts_upto
-- What happened to some things up to a place, by what is known, in the fold's order.
SELECT stream, version, position, type, schema_version, data::text, nullif(texts, '{}')::text,
       effective_at, recorded_at, actor, on_behalf_of, reported_at, id
  FROM events
 WHERE stream = ANY (%(streams)s) AND position <= %(as_of)s
   AND (effective_at, position) <= (%(after_at)s::timestamptz, %(after_position)s)
 ORDER BY effective_at, position;

-- name: points
-- The statements on the points of every KPI that ever drove a key result of the cycle, from when it first did and up to
-- a day, each at its own time and with the value that it took the place of; after a place, in the fold's order.
WITH parts AS (
        SELECT DISTINCT split_part(k.child, '/', 2)::uuid AS id
          FROM attachments AS g JOIN attachments AS k ON k.parent = g.child
         WHERE g.parent = 'cycle/' || %(cycle)s::uuid AND g.position <= %(as_of)s
           AND starts_with(k.child, 'key_result/') AND k.position <= %(as_of)s),
     linked AS (
        SELECT l.kpi, min(l.linked_at) AS since FROM kpi_link_versions AS l JOIN parts AS p ON l.key_result = p.id
         WHERE l.known_from <= %(as_of)s
         GROUP BY l.kpi)
SELECT m.kpi, m."on", m.value, m.note, m.reason, m.redactions, m.position, m.valid_from,
       e.stream, e.version, e.type, e.recorded_at, e.actor,
       (SELECT o.value FROM measurement_versions AS o
         WHERE o.kpi = m.kpi AND o."on" = m."on" AND o.position < m.position
         ORDER BY o.position DESC LIMIT 1) AS old
  FROM linked AS l
  JOIN measurement_versions AS m ON m.kpi = l.kpi AND m.valid_from >= l.since AND m."on" <= %(last_day)s
  JOIN events AS e ON e.position = m.position
 WHERE m.position <= %(as_of)s AND m.valid_from <= %(valid_at)s
   AND (m.valid_from, m.position) > (%(after_at)s::timestamptz, %(after_position)s)
 ORDER BY m.valid_from, m.position;

-- name: goals_at
-- How the objectives that were ever in a cycle stood at a place in the fold.
SELECT v.id, v.valid_from, v.position, v.cycle, v.weight, v.state, v.grade, v.progress, v.score
  FROM (SELECT DISTINCT child FROM attachments
         WHERE parent = 'cycle/' || %(cycle)s::uuid AND position <= %(as_of)s) AS a
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = split_part(a.child, '/', 2)::uuid
           AND (valid_from, position) <= (%(after_at)s::timestamptz, %(after_position)s)
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v;

-- name: goals
-- Their versions after it, in the fold's order.
SELECT v.id, v.valid_from, v.position, v.cycle, v.weight, v.state, v.grade, v.progress, v.score
  FROM (SELECT DISTINCT child FROM attachments
         WHERE parent = 'cycle/' || %(cycle)s::uuid AND position <= %(as_of)s) AS a
  JOIN objective_versions AS v ON v.id = split_part(a.child, '/', 2)::uuid
 WHERE v.known_from <= %(as_of)s AND (v.known_to IS NULL OR v.known_to > %(as_of)s) AND v.valid_from <= %(valid_at)s
   AND (v.valid_from, v.position) > (%(after_at)s::timestamptz, %(after_position)s)
 ORDER BY v.valid_from, v.position, v.id;

-- name: parts_at
-- How the key results that these objectives ever had stood at a place in the fold.
SELECT v.id, v.valid_from, v.position, v.objective, v.score, v.kpi
  FROM (SELECT DISTINCT k.child FROM attachments AS g JOIN attachments AS k ON k.parent = g.child
         WHERE g.parent = 'cycle/' || %(cycle)s::uuid AND g.position <= %(as_of)s
           AND starts_with(k.child, 'key_result/') AND k.position <= %(as_of)s) AS a
 CROSS JOIN LATERAL (
        SELECT * FROM key_result_versions
         WHERE id = split_part(a.child, '/', 2)::uuid
           AND (valid_from, position) <= (%(after_at)s::timestamptz, %(after_position)s)
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v;

-- name: parts
-- Their versions after it, in the fold's order.
SELECT v.id, v.valid_from, v.position, v.objective, v.score, v.kpi
  FROM (SELECT DISTINCT k.child FROM attachments AS g JOIN attachments AS k ON k.parent = g.child
         WHERE g.parent = 'cycle/' || %(cycle)s::uuid AND g.position <= %(as_of)s
           AND starts_with(k.child, 'key_result/') AND k.position <= %(as_of)s) AS a
  JOIN key_result_versions AS v ON v.id = split_part(a.child, '/', 2)::uuid
 WHERE v.known_from <= %(as_of)s AND (v.known_to IS NULL OR v.known_to > %(as_of)s) AND v.valid_from <= %(valid_at)s
   AND (v.valid_from, v.position) > (%(after_at)s::timestamptz, %(after_position)s)
 ORDER BY v.valid_from, v.position, v.id;

-- name: kpi_names
-- What the KPIs that ever drove a key result of the cycle are called at both clocks.
WITH parts AS (
        SELECT DISTINCT split_part(k.child, '/', 2)::uuid AS id
          FROM attachments AS g JOIN attachments AS k ON k.parent = g.child
         WHERE g.parent = 'cycle/' || %(cycle)s::uuid AND g.position <= %(as_of)s
           AND starts_with(k.child, 'key_result/') AND k.position <= %(as_of)s)
SELECT v.id, v.name, v.redactions
  FROM (SELECT DISTINCT l.kpi FROM kpi_link_versions AS l JOIN parts AS p ON l.key_result = p.id) AS k
 CROSS JOIN LATERAL (
        SELECT * FROM kpi_versions
         WHERE id = k.kpi AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v;
