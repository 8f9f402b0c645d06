-- name: find
-- Who a subject is here, whether that member is known and was erased, and the role that was noted for it last. One look
-- through the member's own events, which are few.
SELECT s.member, own.known, own.erased,
       own.given ->> 'role' AS role, own.given ->> 'source' AS source, (own.given ->> 'issued_at')::timestamptz AS issued_at
  FROM subjects AS s
 CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS known,
               coalesce(bool_or(e.type = 'member.erased'), false) AS erased,
               (array_agg(e.data ORDER BY e.version DESC) FILTER (WHERE e.type = 'member.role_given'))[1] AS given
          FROM events AS e
         WHERE e.stream = 'member/' || s.member) AS own
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
