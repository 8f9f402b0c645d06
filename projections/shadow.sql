-- name: make_progress
-- How far a rebuild has come, beside the tables that it fills: what makes another go on where one died.
CREATE TABLE rebuilding (plan text NOT NULL, head bigint NOT NULL, indexed boolean NOT NULL DEFAULT false);

-- name: make_done
-- The shares whose rows are there, with how many.
CREATE TABLE rebuilt_shares (share text PRIMARY KEY, rows jsonb NOT NULL);

-- name: begin
-- The one row of it.
INSERT INTO rebuilding (plan, head) VALUES (%(plan)s, %(head)s);

-- name: left
-- Whether a rebuild left something.
SELECT to_regclass(%(schema)s || '.rebuilding') IS NOT NULL AND to_regclass(%(schema)s || '.rebuilt_shares') IS NOT NULL;

-- name: progress
-- What was left.
SELECT plan, head, indexed FROM rebuilding;

-- name: done
-- The shares that were done.
SELECT share, rows FROM rebuilt_shares;

-- name: note_done
-- A share is done; in the transaction of its rows.
INSERT INTO rebuilt_shares (share, rows) VALUES (%(share)s, %(rows)s::jsonb);

-- name: note_indexed
-- All shares are, and the indexes are there.
UPDATE rebuilding SET indexed = true;

-- name: drop_progress
-- Forgets it.
DROP TABLE IF EXISTS rebuilding, rebuilt_shares;

-- name: need_not_wait
-- Of this transaction: what is lost of it with the server is made again, so its commit need not wait for the disk.
SET LOCAL synchronous_commit = off;

-- name: few_samples
-- Of this transaction: statistics from fewer rows. They are right enough for look-ups by index, and autovacuum makes better ones later.
SET LOCAL default_statistics_target = 10;

-- name: lock_rebuild
-- One rebuild at a time.
SELECT pg_try_advisory_lock(hashtext('quarterdeck rebuild'), hashtext(%(schema)s));
