-- name: keys
-- The keys that there were at an instant of the ledger, `known`, as they stood then and, as for expiry, at `at`; both are
-- now if null. In the order in which they were made; one of them with an id, or those after another. What an event tells
-- of a key is read there, so that a label which is redacted is gone here too.
SELECT k.id, c.data ->> 'external_id' AS external_id, k.role, k.member,
       coalesce(to_jsonb(k.label), c.texts #> '{/label,text}', c.texts -> '/label') AS label,
       CASE WHEN k.revoked_at <= k.known THEN 'revoked'
            WHEN k.expires_at <= k.at THEN 'expired'
            WHEN k.hash IS NULL THEN 'restored'
            ELSE 'active' END AS state,
       k.created_at, c.actor AS created_by, k.expires_at,
       CASE WHEN k.revoked_at <= k.known THEN k.revoked_at END AS revoked_at,
       CASE WHEN k.last_used_at <= k.known THEN k.last_used_at END AS last_used_at
  FROM (SELECT *, coalesce(%(known)s::timestamptz, 'infinity') AS known,
               coalesce(%(at)s::timestamptz, clock_timestamp()) AS at FROM keys) AS k
  LEFT JOIN events AS c ON c.stream = 'key/' || k.id AND c.version = 1 AND c.type = 'key.created'
  LEFT JOIN keys AS before ON before.id = %(after)s
 WHERE k.created_at <= k.known
   AND (%(id)s::uuid IS NULL OR k.id = %(id)s)
   AND (before.id IS NULL OR (k.created_at, k.id) > (before.created_at, before.id))
 ORDER BY k.created_at, k.id
 LIMIT %(limit)s;
