-- The tables of one ledger. The search_path is the ledger's schema; names need no prefix.
--
-- `events` is the ledger. Everything else here is either made from it in the same transaction so that an append can
-- be checked quickly (head, attachments, cycle_events, claims), or stands beside it because it must be possible to
-- forget it (people) or because it never happened to a goal (idempotency, keys).

-- One row, through which every append passes: its lock puts appends in order, which makes positions gapless and
-- readers of the tail safe. `restored`: how much of the ledger came from another ledger's export (restore_events).
CREATE TABLE head (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    recorded_at timestamptz CHECK ((recorded_at IS NULL) = (position = 0)),
    restored bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO head DEFAULT VALUES;

CREATE TABLE events (
    position bigint PRIMARY KEY CHECK (position > 0),
    id uuid NOT NULL UNIQUE,
    stream text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    type text NOT NULL,
    schema_version integer NOT NULL CHECK (schema_version > 0),
    data jsonb NOT NULL,
    -- JSON pointer into data → {"salt", "text"}, or {"redacted", "at", "reason"} once it was redacted.
    texts jsonb NOT NULL,
    actor uuid NOT NULL,
    on_behalf_of uuid,
    correlation_id text,
    effective_at timestamptz NOT NULL CHECK (effective_at <= recorded_at),
    reported_at timestamptz CHECK (reported_at <= recorded_at),
    recorded_at timestamptz NOT NULL,
    UNIQUE (stream, version)
);
-- Time order is position order: an instant maps to one position (query position_at).
CREATE UNIQUE INDEX events_recorded_at ON events (recorded_at);

-- Which things were ever attached to which (key results to an objective, objectives to a cycle), by the first event
-- that did it. What a decision saw of them is guarded by the position of the last one.
CREATE TABLE attachments (
    parent text NOT NULL,
    child text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (parent, child)
);
CREATE INDEX attachments_parent_position ON attachments (parent, position);
CREATE INDEX attachments_child ON attachments (child);

-- Which events change goals of a cycle, and when: a close must not take effect before any of them.
CREATE TABLE cycle_events (
    cycle uuid NOT NULL,
    effective_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (cycle, effective_at, position)
);

-- Names that are unique in their scope, and the stream that holds each.
CREATE TABLE claims (
    scope text NOT NULL,
    value text NOT NULL,
    stream text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (scope, value)
);
CREATE INDEX claims_stream ON claims (stream);

-- What was answered to a caller's idempotency key, written in the transaction of its events.
CREATE TABLE idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    subject text,
    created boolean NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz,
    PRIMARY KEY (scope, key)
);

-- Personal data, which no event holds: a row goes when its member is erased.
CREATE TABLE people (
    member uuid PRIMARY KEY,
    name text,
    email text,
    external_id text,
    source text
);

-- Credentials, stored hashed.
CREATE TABLE keys (
    id uuid PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    role text NOT NULL,
    member uuid,
    label text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
