-- What the doctor asks. Nothing here changes anything or waits for a lock; `schemas` are the ledger's, its books' and
-- the shadow's.

-- name: server
-- The server, and who asks.
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer AS number,
       current_user AS login, current_database() AS database, pg_is_in_recovery() AS in_recovery;

-- name: books
-- The books and why they stopped, if they did.
SELECT name, version, position, error FROM books ORDER BY name;

-- name: head
-- The head, and the clock of the database beside it.
SELECT position, recorded_at, clock_timestamp() AS now FROM head;

-- name: locks
-- Who holds which of our advisory locks, as (what, process, since).
SELECT wanted.what, l.pid, a.backend_start AS since, a.client_addr::text AS address
  FROM unnest(%(whats)s::text[], %(names)s::text[]) AS wanted (what, name)
  JOIN pg_locks AS l
    ON l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.classid = (hashtext(wanted.name)::bigint & 4294967295)::oid
   AND l.objid = (hashtext(%(schema)s)::bigint & 4294967295)::oid
  LEFT JOIN pg_stat_activity AS a USING (pid);

-- name: lease
-- Who projected last.
SELECT holder, since FROM lease;

-- name: tables
-- The tables with their sizes and dead rows, the largest first.
SELECT s.schemaname AS schema, s.relname AS name, s.n_live_tup AS live, s.n_dead_tup AS dead,
       pg_table_size(s.relid) AS bytes, pg_indexes_size(s.relid) AS index_bytes
  FROM pg_stat_user_tables AS s
 WHERE s.schemaname = ANY (%(schemas)s)
 ORDER BY pg_total_relation_size(s.relid) DESC;

-- name: invalid_indexes
-- Indexes that a build left behind half made: no query uses them, and every write pays for them.
SELECT n.nspname AS schema, c.relname AS name
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY (%(schemas)s) AND NOT (i.indisvalid AND i.indisready)
 ORDER BY 1, 2;

-- name: transactions
-- Transactions of this database that have been open for long: old row versions stay as long as they do.
SELECT pid, usename AS login, application_name AS application, state,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
 ORDER BY xact_start;

-- name: prepared
-- Transactions that were prepared and never ended.
SELECT gid FROM pg_prepared_xacts WHERE database = current_database();

-- name: rights
-- What the role that the server takes could do to tables that nothing may change.
SELECT t.name, r.rolsuper OR pg_has_role(r.oid, c.relowner, 'USAGE') AS owns,
       array_remove(ARRAY[
           CASE WHEN has_any_column_privilege(r.oid, c.oid, 'UPDATE') THEN 'UPDATE' END,
           CASE WHEN has_table_privilege(r.oid, c.oid, 'DELETE') THEN 'DELETE' END,
           CASE WHEN has_table_privilege(r.oid, c.oid, 'TRUNCATE') THEN 'TRUNCATE' END], NULL) AS may
  FROM unnest(%(tables)s::text[]) AS t (name)
  JOIN pg_class AS c ON c.relname = t.name AND c.relnamespace = to_regnamespace(quote_ident(%(schema)s))
 CROSS JOIN pg_roles AS r
 WHERE r.rolname = %(role)s
 ORDER BY t.name;

-- name: triggers
-- The triggers that refuse changes, with how they are enabled: `A` is always, also for a replica's role.
SELECT c.relname AS "table", t.tgname AS name, t.tgenabled AS enabled
  FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace = to_regnamespace(quote_ident(%(schema)s)) AND NOT t.tgisinternal;

-- name: durability
-- What decides whether an acknowledged commit survives a crash.
SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name;

-- name: space
-- How large the database is, how old its oldest transaction id, and what holds WAL back.
SELECT pg_database_size(current_database()) AS bytes,
       (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) AS age,
       (SELECT setting FROM pg_settings WHERE name = 'autovacuum') AS autovacuum,
       (SELECT array_agg(slot_name::text) FROM pg_replication_slots WHERE NOT active) AS idle_slots,
       (SELECT failed_count FROM pg_stat_archiver
         WHERE last_failed_time > coalesce(last_archived_time, '-infinity')) AS failed_archiving;

-- name: wal
-- The write-ahead log on the disk; only for who may look into the server's folder.
SELECT coalesce(sum(size), 0)::bigint AS bytes FROM pg_ls_waldir();
