-- name: at
-- Some cycles at both clocks, in the order asked for; those that did not exist yet are left out.
SELECT v.*
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
 CROSS JOIN LATERAL (
        SELECT * FROM cycle_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY wanted.n;

-- name: page
-- A page of cycles at both clocks, oldest first; `after` and `born` are the positions of their first events.
SELECT v.*, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM cycle_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'cycle.planned' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(label)s::text IS NULL OR v.label = %(label)s)
   AND (%(kind)s::text IS NULL OR v.kind = %(kind)s)
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(parent)s::uuid IS NULL OR v.parent = %(parent)s)
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: inside
-- The cycles inside another at both clocks, by their first day.
SELECT v.*
  FROM (SELECT DISTINCT id FROM cycle_versions WHERE parent = %(parent)s) AS c
 CROSS JOIN LATERAL (
        SELECT * FROM cycle_versions
         WHERE id = c.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY v.starts_on, v.label;

-- name: versions
-- Every version of a cycle as known at `as_of` that takes effect by `until`, in the fold's order.
SELECT * FROM cycle_versions
 WHERE id = %(id)s AND valid_from <= %(until)s
   AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
 ORDER BY valid_from, position;

-- name: last_close
-- When the latest close took effect, at both clocks.
SELECT max(valid_from) FROM cycle_versions
 WHERE id = %(id)s AND state = 'closed' AND valid_from <= %(valid_at)s
   AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s);

-- name: of_kind
-- The cycles of a kind, or all of them, at both clocks, by their first day.
SELECT v.*
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM cycle_versions
         WHERE id = split_part(e.stream, '/', 2)::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'cycle.planned' AND e.position <= %(as_of)s
   AND (%(kind)s::text IS NULL OR v.kind = %(kind)s)
 ORDER BY v.starts_on, v.ends_on, v.label;
