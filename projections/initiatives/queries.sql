-- name: at
-- Some initiatives at both clocks, in the order asked for; those that did not exist yet are left out.
SELECT v.*
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
 CROSS JOIN LATERAL (
        SELECT * FROM initiative_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY wanted.n;

-- name: page
-- A page of initiatives at both clocks, oldest first; `after` and `born` are the positions of their first events.
SELECT v.*, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM initiative_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'initiative.started' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(key_result)s::uuid IS NULL OR EXISTS (SELECT FROM attachments AS a
            WHERE a.parent = 'key_result/' || %(key_result)s::uuid AND a.child = e.stream))
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(key_result)s::uuid IS NULL OR v.key_result = %(key_result)s)
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(sprint)s::text IS NULL OR v.sprint = %(sprint)s)
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: of_key_results
-- The initiatives of some key results at both clocks, oldest first.
SELECT v.*
  FROM attachments AS a
 CROSS JOIN LATERAL (
        SELECT * FROM initiative_versions
         WHERE id = split_part(a.child, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE a.parent = ANY (SELECT 'key_result/' || k FROM unnest(%(key_results)s::uuid[]) AS k)
   AND starts_with(a.child, 'initiative/') AND a.position <= %(as_of)s
 ORDER BY a.position, v.id;
