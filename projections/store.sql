-- name: standings
-- Where the books are.
SELECT name, version, position, error FROM books;

-- name: lock_standings
-- The same, held for writing: two projectors never write at once, whatever happened to their lease.
SELECT name, version, position, error FROM books FOR UPDATE;

-- name: advance
-- Moves a book on, in the transaction of its rows.
UPDATE books SET position = %(position)s, error = %(error)s WHERE name = %(name)s;

-- name: place_book
-- A book in its present version, from the beginning.
INSERT INTO books (name, version, position) VALUES (%(name)s, %(version)s, %(position)s)
    ON CONFLICT (name) DO UPDATE SET (version, position, error) = (excluded.version, excluded.position, NULL);

-- name: try_lease
-- The lock of the active projector, held by its connection; `schema` tells the ledgers of a database apart.
SELECT pg_try_advisory_lock(hashtext('quarterdeck projector'), hashtext(%(schema)s));

-- name: show_lease
-- Says who projects.
INSERT INTO lease (holder, since) VALUES (%(holder)s, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET (holder, since) = (excluded.holder, excluded.since);

-- name: lease
-- Who projects.
SELECT holder, since FROM lease;

-- name: kin
-- The (parent, child) pairs that some things are part of, up to a position.
SELECT parent, child FROM attachments WHERE parent = ANY (%(refs)s) AND position <= %(upto)s
UNION
SELECT parent, child FROM attachments WHERE child = ANY (%(refs)s) AND position <= %(upto)s;
