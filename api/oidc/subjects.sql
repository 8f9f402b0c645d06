-- name: find
-- Who a subject is here, whether that member is known and was erased, and the role that was noted for it last.
SELECT s.member,
       EXISTS (SELECT FROM events AS e WHERE e.stream = 'member/' || s.member) AS known,
       EXISTS (SELECT FROM events AS e WHERE e.stream = 'member/' || s.member AND e.type = 'member.erased') AS erased,
       given.role, given.source, given.issued_at
  FROM subjects AS s
  LEFT JOIN LATERAL (
        SELECT e.data ->> 'role' AS role, e.data ->> 'source' AS source,
               (e.data ->> 'issued_at')::timestamptz AS issued_at
          FROM events AS e
         WHERE e.stream = 'member/' || s.member AND e.type = 'member.role_given'
         ORDER BY e.version DESC LIMIT 1) AS given ON true
 WHERE s.subject = %(subject)s;

-- name: add
-- A subject is that member from now on; of two who try at once, the first.
INSERT INTO subjects (subject, issuer, member) VALUES (%(subject)s, %(issuer)s, %(member)s) ON CONFLICT DO NOTHING;

-- name: with_address
-- Members with an e-mail address, two at most: more than one is nobody.
SELECT p.member, (SELECT e.data ->> 'kind' FROM events AS e
                   WHERE e.stream = 'member/' || p.member AND e.type = 'member.registered') AS kind
  FROM people AS p
 WHERE lower(p.email) = lower(%(email)s)
 LIMIT 2;
