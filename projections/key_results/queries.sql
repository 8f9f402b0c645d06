-- name: at
-- Some key results at both clocks, in the order asked for; those that did not exist yet are left out.
SELECT v.*
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
 CROSS JOIN LATERAL (
        SELECT * FROM key_result_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY wanted.n;

-- name: page
-- A page of key results at both clocks, oldest first; `after` and `born` are the positions of their first events.
SELECT v.*, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM key_result_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'key_result.added' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(objective)s::uuid IS NULL OR EXISTS (SELECT FROM attachments AS a
            WHERE a.parent = 'objective/' || %(objective)s::uuid AND a.child = e.stream))
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(objective)s::uuid IS NULL OR v.objective = %(objective)s)
   AND (%(team)s::uuid IS NULL OR v.team = %(team)s)
   AND (%(owner)s::uuid IS NULL OR v.owner = %(owner)s)
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(tag)s::text IS NULL OR %(tag)s = ANY (v.tags))
   AND (%(kpi)s::uuid IS NULL OR v.kpi = %(kpi)s)
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: of_objectives
-- The key results of some objectives at both clocks, in the order in which they came to theirs. The parents are an array, and not a subquery: else
-- the planner, which cannot tell how many there are, looks through all key results that there ever were.
SELECT v.id, v.position, v.external_id, v.objective, v.title, v.redactions, v.owner, v.team, v.tags, v.weight, v.measure,
       v.carried_from, v.state, v.value, v.progress, v.score, v.grade, v.said, v.confidence, v.checked_in_at,
       v.began_at, v.kpi, v.measured
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT * FROM key_result_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE a.parent = ANY (ARRAY (SELECT 'objective/' || o FROM unnest(%(objectives)s::uuid[]) AS o))
   AND starts_with(a.child, 'key_result/') AND a.position <= %(as_of)s
   AND a.parent = 'objective/' || v.objective
 ORDER BY a.position, v.id;

-- name: to_write
-- The same with what of them a board writes, in the order of `projections.written._add_parts`. `said_at`: when something
-- was said last, or should have been begun to be said.
SELECT v.id, v.objective, v.external_id, v.title, v.redactions, v.owner, v.team, array_to_json(v.tags) AS tags, v.weight,
       v.measure, v.carried_from, v.state, v.value, v.progress, v.score, v.grade, v.said, v.confidence,
       to_char(v.checked_in_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS checked_in_at,
       coalesce(v.checked_in_at, greatest(v.began_at, %(starts_at)s)) AS said_at, v.kpi, v.measured
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT * FROM key_result_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE a.parent = ANY (ARRAY (SELECT 'objective/' || o FROM unnest(%(objectives)s::uuid[]) AS o))
   AND starts_with(a.child, 'key_result/') AND a.position <= %(as_of)s
   AND a.parent = 'objective/' || v.objective
 ORDER BY a.position, v.id;

-- name: versions_of
-- Every version, as known at `as_of` and in effect by `until`, of the key results that an objective ever had.
SELECT v.id, v.position, v.valid_from, v.objective, v.state, v.grade, v.progress, v.score
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT * FROM key_result_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(until)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)) AS v
 WHERE a.parent = 'objective/' || %(objective)s::uuid AND starts_with(a.child, 'key_result/') AND a.position <= %(as_of)s
 ORDER BY v.valid_from, v.position;
