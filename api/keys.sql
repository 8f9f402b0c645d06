-- name: find
-- The good key with this hash, and whether its use should be noted again: to ten minutes is exact enough, and spares a
-- write for every request.
SELECT id, role, member, last_used_at IS NULL OR last_used_at < now() - interval '10 minutes'
  FROM keys
 WHERE hash = %(hash)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp());

-- name: used
-- Notes that a key was used.
UPDATE keys SET last_used_at = now() WHERE id = %(id)s;

-- name: add
-- A new key, by its hash.
INSERT INTO keys (id, hash, role, member, label, expires_at)
VALUES (%(id)s, %(hash)s, %(role)s, %(member)s, %(label)s, %(expires_at)s)
RETURNING id, role, member, label, created_at, expires_at, revoked_at, last_used_at;

-- name: any_admin
-- Whether there ever was an admin's key.
SELECT FROM keys WHERE role = 'admin' LIMIT 1;

-- name: add_first_admin
-- A key for the first admin. Of several servers that start at once on one data folder, all have the same.
INSERT INTO keys (id, hash, role, label) VALUES (%(id)s, %(hash)s, 'admin', 'first start') ON CONFLICT (hash) DO NOTHING;

-- name: list
-- The keys after one of them, oldest first: their ids are made in the order of time.
SELECT id, role, member, label, created_at, expires_at, revoked_at, last_used_at
  FROM keys
 WHERE %(after)s::uuid IS NULL OR id > %(after)s
 ORDER BY id
 LIMIT %(limit)s;

-- name: get
-- One key.
SELECT id, role, member, label, created_at, expires_at, revoked_at, last_used_at FROM keys WHERE id = %(id)s;

-- name: revoke
-- Takes a key's power, from now on; the first time counts.
UPDATE keys SET revoked_at = now() WHERE id = %(id)s AND revoked_at IS NULL;
