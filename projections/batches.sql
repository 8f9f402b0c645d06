-- name: function
-- Writes a batch of the books in one statement: whether the books are where the batch begins, what is no longer known, the
-- rows, and where the books are then. `moves`: each book with its position before and after, and its error; `closed`:
-- table → versions that end; `rows`: those of each book, null where it has none. Answers false, and writes nothing, if the
-- books are elsewhere.
--
-- A function and not one statement with many parts: such a statement would hold the tables before it waits for the
-- bookmarks, while a rebuild that swaps holds the bookmarks and waits for the tables. The insertions need no plan of
-- their own for each batch; the closing, whose best plan changes as a table grows, gets one.
CREATE OR REPLACE FUNCTION write_batch(moves json, closed json, VARIADIC rows json[]) RETURNS boolean
    LANGUAGE plpgsql AS $function$
DECLARE
    part record;
    held bigint;
    wanted bigint;
BEGIN
    WITH marks AS MATERIALIZED (SELECT name, position FROM books FOR UPDATE)
    SELECT count(marks.name), count(*) INTO held, wanted
      FROM json_to_recordset(moves) AS m (name text, before bigint)
      LEFT JOIN marks ON marks.name = m.name AND marks.position = m.before;
    IF held <> wanted THEN
        RETURN false;
    END IF;
    IF closed IS NOT NULL THEN
        FOR part IN SELECT key AS name, value AS versions FROM json_each(closed) LOOP
            EXECUTE format(
                'UPDATE %I AS v SET known_to = c.known_to'
                ' FROM json_to_recordset($1) AS c (known_to bigint, id uuid, valid_from timestamptz, position bigint)'
                ' WHERE v.id = c.id AND v.valid_from = c.valid_from AND v.position = c.position AND v.known_to IS NULL',
                part.name) USING part.versions;
        END LOOP;
    END IF;
    {insertions}
    UPDATE books AS b SET position = m.position, error = m.error
      FROM json_to_recordset(moves) AS m (name text, position bigint, error text)
     WHERE b.name = m.name;
    RETURN true;
END
$function$;

-- name: insertion
-- The rows of one book: objects, a column a key.
    IF rows[{number}] IS NOT NULL THEN
        INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, rows[{number}]);
    END IF;

-- name: call
-- Writes a batch.
SELECT write_batch(%s, %s, {rows});

-- name: own_settings
-- For the connection that writes batches: it does not wait for the disk (decision 16), and plans what is in the function once.
SELECT set_config('synchronous_commit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false);

-- name: json_columns
-- The columns of some tables that hold JSON.
SELECT c.relname::text, a.attname::text FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
 WHERE c.oid = ANY (%(tables)s::regclass[]) AND a.atttypid = 'jsonb'::regtype;
