-- Where each book is. Written in the transaction of its rows, so that an answer is of one position.
CREATE TABLE IF NOT EXISTS books (
    name text PRIMARY KEY,
    version integer NOT NULL,
    position bigint NOT NULL,
    error text
);

-- Who projects: the process that holds the lock, for the eyes of an operator. One row.
CREATE TABLE IF NOT EXISTS lease (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    holder text NOT NULL,
    since timestamptz NOT NULL
);
