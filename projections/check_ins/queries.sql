-- name: at
-- Some check-ins at both clocks, in the order asked for; those that were not there yet are left out.
SELECT v.*, e.recorded_at
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, n)
  JOIN claims AS c ON c.scope = 'check_in' AND c.value = wanted.id::text
  JOIN events AS e ON e.position = c.position
 CROSS JOIN LATERAL (
        SELECT * FROM check_in_versions
         WHERE id = wanted.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY wanted.n;

-- name: page
-- A page of check-ins at both clocks, in the order in which they were recorded.
SELECT v.*, e.recorded_at, e.position AS born
  FROM events AS e
 CROSS JOIN LATERAL (
        SELECT * FROM check_in_versions
         WHERE id = (e.data ->> 'check_in')::uuid AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.type = 'key_result.checked_in' AND e.position > %(after)s AND e.position <= %(as_of)s
   AND (%(key_result)s::uuid IS NULL OR e.stream = 'key_result/' || %(key_result)s::uuid)
   AND (%(ids)s::uuid[] IS NULL OR v.id = ANY (%(ids)s))
   AND (%(actor)s::uuid IS NULL OR v.actor = %(actor)s)
   AND (%(state)s::text IS NULL OR v.state = %(state)s)
   AND (%(status)s::text IS NULL OR v.status = %(status)s)
   AND (%(objective)s::uuid IS NULL OR EXISTS (SELECT FROM attachments AS a
            WHERE a.parent = 'objective/' || %(objective)s::uuid AND a.child = e.stream))
 ORDER BY e.position
 LIMIT %(limit)s;

-- name: of_period
-- What was said on some key results in a period: recorded and in effect between the clocks of its two ends.
SELECT v.*, e.recorded_at
  FROM (SELECT DISTINCT id FROM check_in_versions
         WHERE key_result = ANY (%(key_results)s) AND effective_at <= %(valid_at)s
           AND effective_at > %(from_valid)s) AS c
  JOIN claims ON claims.scope = 'check_in' AND claims.value = c.id::text
  JOIN events AS e ON e.position = claims.position
 CROSS JOIN LATERAL (
        SELECT * FROM check_in_versions
         WHERE id = c.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 WHERE e.position > %(from)s AND v.state <> 'retracted'
 ORDER BY v.effective_at, e.position;

-- name: differing
-- The check-ins of some key results at both clocks, in the order in which they took effect: those that may read
-- otherwise at another pair of clocks, and all those of the key results `alone`, which are not there then.
SELECT v.*, e.recorded_at
  FROM (SELECT DISTINCT id FROM check_in_versions
         WHERE key_result = ANY (%(key_results)s)
           AND (key_result = ANY (%(alone)s)
             OR (valid_from <= %(valid_at)s AND known_from <= %(as_of)s
                 AND (known_to IS NULL OR known_to > %(as_of)s))
             <> (valid_from <= %(other_valid_at)s AND known_from <= %(other_as_of)s
                 AND (known_to IS NULL OR known_to > %(other_as_of)s)))) AS c
  JOIN claims ON claims.scope = 'check_in' AND claims.value = c.id::text
  JOIN events AS e ON e.position = claims.position
 CROSS JOIN LATERAL (
        SELECT * FROM check_in_versions
         WHERE id = c.id AND valid_from <= %(valid_at)s
           AND known_from <= %(as_of)s AND (known_to IS NULL OR known_to > %(as_of)s)
         ORDER BY valid_from DESC, position DESC LIMIT 1) AS v
 ORDER BY v.effective_at, e.position;
