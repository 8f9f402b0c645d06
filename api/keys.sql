-- name: find
-- The good keys with these hashes, and whether their use should be noted again: to ten minutes is exact enough, and
-- spares a write for every request. Whoever erases a member revokes their keys in the same transaction.
SELECT id, role, member, last_used_at IS NULL OR last_used_at < now() - interval '10 minutes', hash
  FROM keys
 WHERE hash = ANY (%(hashes)s) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp());

-- name: used
-- Notes that a key was used.
UPDATE keys SET last_used_at = now() WHERE id = %(id)s;

-- name: any_admin
-- Whether there ever was an admin's key that anybody could use; a restored one has no hash.
SELECT FROM keys WHERE role = 'admin' AND hash IS NOT NULL LIMIT 1;

-- name: add_first_admin
-- A key for the first admin. Of several servers that start at once on one data folder, all have the same.
INSERT INTO keys (id, hash, role, label) VALUES (%(id)s, %(hash)s, 'admin', 'first start') ON CONFLICT (hash) DO NOTHING;
