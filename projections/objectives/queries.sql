-- name: at
-- Some objectives at both clocks, in the order asked for; those that did not exist yet are left out.
SELECT v.*
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY wanted.n;

-- name: cycles_of
-- The cycle that each of some objectives is in at both clocks.
SELECT v.id, v.cycle
  FROM unnest(%(ids)s::uuid[]) AS wanted (id)
 CROSS JOIN LATERAL (
        SELECT id, cycle FROM objective_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v;

-- name: page
-- A page of objectives at both clocks, oldest first; `after` and `born` are the positions of their first events.
SELECT v.*, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'objective.set' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(cycle)s::uuid IS NULL OR EXISTS (SELECT FROM attachments AS a
            WHERE a.parent = 'cycle/' || %(cycle)s::uuid AND a.child = e.stream))
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(cycle)s::uuid IS NULL OR v.cycle = %(cycle)s)
   AND (%(team)s::uuid IS NULL OR v.team = %(team)s)
   AND (%(owner)s::uuid IS NULL OR v.owner = %(owner)s)
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(commitment)s::text IS NULL OR v.commitment = %(commitment)s)
   AND (%(aligned_to)s::uuid IS NULL OR v.aligned_to = %(aligned_to)s)
   AND (%(carried_from)s::uuid IS NULL OR v.carried_from = %(carried_from)s)
   AND (%(tag)s::text IS NULL OR %(tag)s = ANY (v.tags))
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: in_cycles
-- The objectives of some cycles at both clocks, oldest first.
SELECT v.*
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE a.parent = ANY (ARRAY (SELECT 'cycle/' || c FROM unnest(%(cycles)s::uuid[]) AS c)) AND a.position <= %(as_of)s
   AND v.cycle = ANY (%(cycles)s)
 ORDER BY a.position, a.child;

-- name: places_in_cycle
-- The same of one cycle, but only which version of each it is: what of it `projections.written` remembers. `version` is
-- that of the book, and the place comes last.
SELECT v.id, v.valid_from, v.position, v.known_from, v.made,
       (SELECT version FROM books WHERE name = 'objectives') AS version, v.place
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT *, xmin AS made, ctid AS place FROM objective_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE a.parent = 'cycle/' || %(cycle)s::uuid AND a.position <= %(as_of)s AND v.cycle = %(cycle)s
 ORDER BY a.position, a.child;

-- name: to_write
-- Some versions, by where they lie, with what of them is shown, in the order of `projections.written.Goal`. A place holds for
-- as long as the snapshot that told it.
SELECT v.ctid AS place, v.id, v.external_id, v.cycle, v.title, v.description, v.reflection, v.redactions, v.team, v.owner,
       array_to_json(v.tags) AS tags, v.commitment, v.weight, v.aligned_to, v.carried_from, v.state, v.progress, v.score,
       v.grade, v.band, v.met
  FROM objective_versions AS v
 WHERE v.ctid = ANY (%(places)s::tid[]);

-- name: carried
-- What some objectives were carried forward to, at both clocks: (old, new), the latest one last.
SELECT DISTINCT o.carried_from AS old, o.id AS new, min(o.position) OVER (PARTITION BY o.id) AS born
  FROM objective_versions AS o
 WHERE o.carried_from = ANY (%(ids)s::uuid[]) AND o.valid_from <= %(valid_at)s
   AND o.known_from <= %(as_of)s AND (o.known_to IS NULL OR o.known_to > %(as_of)s)
 ORDER BY born;

-- name: scores
-- Of some cycles at both clocks: Σ weight × official score and Σ weight over the objectives that measure something.
-- Both sums are exact; dividing is left to the domain.
SELECT v.cycle, sum(v.weight * least(greatest(coalesce(v.grade, v.score), 0), 1)) AS above, sum(v.weight) AS below
  FROM (SELECT DISTINCT child FROM attachments
         WHERE parent = ANY (ARRAY (SELECT 'cycle/' || c FROM unnest(%(cycles)s::uuid[]) AS c))
           AND position <= %(as_of)s) AS a
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE v.cycle = ANY (%(cycles)s) AND v.state = 'active' AND (v.progress IS NOT NULL OR v.grade IS NOT NULL)
 GROUP BY v.cycle;

-- name: versions_in_cycle
-- Every version, as known at `as_of` and in effect by `until`, of the objectives that were ever in a cycle, in the
-- fold's order: what their scores were, and whether they were in it.
SELECT v.id, v.position, v.valid_from, v.cycle, v.team, v.weight, v.state, v.grade, v.progress, v.score
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT * FROM objective_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(until)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)) AS v
 WHERE a.parent = 'cycle/' || %(cycle)s::uuid AND a.position <= %(as_of)s
 ORDER BY v.valid_from, v.position;
