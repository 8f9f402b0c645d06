-- name: try_lease
-- The lock of the active sealer, held by its connection; `schema` tells the ledgers of a database apart.
SELECT pg_try_advisory_lock(hashtext('quarterdeck sealer'), hashtext(%(schema)s));

-- name: lock_tree
-- One writer of the tree at a time, whatever happened to its lease. Released with the transaction.
SELECT pg_advisory_xact_lock(hashtext('quarterdeck tree'), hashtext(%(schema)s));

-- name: newest
-- The newest checkpoint, or the newest at or before a position.
SELECT name, size, root, note
  FROM checkpoints
 WHERE %(upto)s::bigint IS NULL OR size <= %(upto)s
 ORDER BY size DESC, at DESC
 LIMIT 1;

-- name: checkpoints_after
-- Checkpoints by size, some at a time; of one size in the order of signing.
SELECT name, size, root, note, at
  FROM checkpoints
 WHERE size > %(after)s AND size <= %(upto)s
 ORDER BY size, at;

-- name: nodes
-- The hashes of some complete subtrees.
SELECT level, index, hash
  FROM unnest(%(levels)s::smallint[], %(indexes)s::bigint[]) AS wanted (level, index)
  JOIN nodes USING (level, index);

-- name: leaf_hashes
-- The hashes of some leaves in a row, in order.
SELECT hash FROM nodes WHERE level = 0 AND index >= %(start)s AND index < %(end)s ORDER BY index;

-- name: node_count
-- How many complete subtrees there are.
SELECT count(*) FROM nodes;

-- name: copy_nodes
-- Writes complete subtrees.
COPY nodes (level, index, hash) FROM STDIN (FORMAT BINARY);

-- name: add_checkpoint
-- Writes a signed checkpoint.
INSERT INTO checkpoints (size, name, root, note) VALUES (%(size)s, %(name)s, %(root)s, %(note)s);

-- name: add_key
-- Notes a verifier key, once.
INSERT INTO verifier_keys (name, public) VALUES (%(name)s, %(public)s) ON CONFLICT DO NOTHING;

-- name: make_log
-- What tells this ledger's log from another's, made once.
INSERT INTO log DEFAULT VALUES ON CONFLICT DO NOTHING;

-- name: log
-- What tells this ledger's log from another's.
SELECT id FROM log;

-- name: keys
-- The verifier keys, the newest first.
SELECT name, public FROM verifier_keys ORDER BY added_at DESC, name;

-- name: attachments
-- What was attached to what by some events in a row.
SELECT parent, child, position FROM attachments WHERE position >= %(first)s AND position < %(end)s;

-- name: older_attachments
-- Whether that was attached before.
SELECT FROM attachments WHERE parent = %(one)s AND child = %(other)s AND position < %(position)s;

-- name: cycle_events
-- Which of some events in a row are of which cycles.
SELECT cycle, effective_at, position FROM cycle_events WHERE position >= %(first)s AND position < %(end)s;

-- name: claims
-- The names that some events in a row claimed; those of members can be erased, and are in no event.
SELECT scope || E'\n' || value, stream, position
  FROM claims
 WHERE position >= %(first)s AND position < %(end)s AND NOT starts_with(stream, 'member/');

-- name: older_claims
-- Whether that was claimed before.
SELECT FROM claims WHERE scope || E'\n' || value = %(one)s AND stream = %(other)s AND position < %(position)s;

-- name: issued_keys
-- The keys that some events in a row made, as the table has them.
SELECT k.id, k.role || ' ' || coalesce(k.member::text, 'None') || ' ', k.expires_at, e.position
  FROM events AS e
  JOIN keys AS k ON k.id = split_part(e.stream, '/', 2)::uuid
 WHERE e.position >= %(first)s AND e.position < %(end)s AND e.type = 'key.created';
