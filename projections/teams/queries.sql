-- name: at
-- Some teams at both clocks, in the order asked for; those that did not exist yet are left out.
SELECT v.*
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
 CROSS JOIN LATERAL (
        SELECT * FROM team_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY wanted.n;

-- name: page
-- A page of teams at both clocks, oldest first; `after` and `born` are the positions of their first events.
SELECT v.*, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM team_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'team.formed' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(parent)s::uuid IS NULL OR v.parent = %(parent)s)
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: tree
-- Every team at both clocks, oldest first: small enough to be walked in memory.
SELECT v.*
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM team_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'team.formed' AND e.position <= %(as_of)s
 ORDER BY e.position;

-- name: versions
-- Every version of every team as known at `as_of` that takes effect by `until`, in the fold's order: the tree over time.
SELECT id, position, valid_from, parent FROM team_versions
 WHERE valid_from <= %(until)s AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
 ORDER BY valid_from, position;
