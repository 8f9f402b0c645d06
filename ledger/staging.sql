-- name: begin
-- A ledger of what is decided but not recorded yet, on top of the one that is: temporary tables of this session, and
-- views in front of the ledger's tables, which have the same names and so are what the session's queries meet. Inside a
-- view the name is still the ledger's own, since the view is not there yet when it is read.
CREATE TEMP TABLE staged_events (LIKE events);
CREATE INDEX ON staged_events (stream, version);
CREATE TEMP TABLE staged_texts (position bigint PRIMARY KEY, texts jsonb NOT NULL);
CREATE TEMP TABLE staged_attachments (LIKE attachments, PRIMARY KEY (parent, child));
CREATE TEMP TABLE staged_cycle_events (LIKE cycle_events);
CREATE INDEX ON staged_cycle_events (cycle, effective_at);
CREATE TEMP TABLE staged_claims (LIKE claims);
CREATE INDEX ON staged_claims (scope, value);
CREATE INDEX ON staged_claims (stream);
CREATE TEMP TABLE staged_people (LIKE people, PRIMARY KEY (member));
CREATE TEMP TABLE staged_erased (stream text PRIMARY KEY);

CREATE TEMP VIEW events AS
SELECT e.position, e.id, e.stream, e.version, e.type, e.schema_version, e.data, coalesce(t.texts, e.texts) AS texts,
       e.actor, e.on_behalf_of, e.correlation_id, e.effective_at, e.reported_at, e.recorded_at
  FROM events AS e LEFT JOIN staged_texts AS t USING (position)
 UNION ALL
SELECT position, id, stream, version, type, schema_version, data, texts,
       actor, on_behalf_of, correlation_id, effective_at, reported_at, recorded_at
  FROM staged_events;

CREATE TEMP VIEW attachments AS
SELECT parent, child, position FROM attachments
 UNION ALL
SELECT parent, child, position FROM staged_attachments AS s
 WHERE NOT EXISTS (SELECT FROM attachments AS a WHERE a.parent = s.parent AND a.child = s.child);

CREATE TEMP VIEW cycle_events AS
SELECT cycle, effective_at, position FROM cycle_events
 UNION ALL
SELECT cycle, effective_at, position FROM staged_cycle_events;

CREATE TEMP VIEW claims AS
SELECT scope, value, stream, position FROM claims AS c
 WHERE NOT (starts_with(scope, 'external_id:') AND EXISTS (SELECT FROM staged_erased AS e WHERE e.stream = c.stream))
 UNION ALL
SELECT scope, value, stream, position FROM staged_claims;

CREATE TEMP VIEW people AS
SELECT member, name, email, external_id, source FROM people AS p
 WHERE NOT EXISTS (SELECT FROM staged_erased AS e WHERE e.stream = 'member/' || p.member)
   AND NOT EXISTS (SELECT FROM staged_people AS s WHERE s.member = p.member)
 UNION ALL
SELECT member, name, email, external_id, source FROM staged_people;

-- Every look-up is by an index: plans are made while the tables are small.
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;

-- name: events
COPY staged_events (position, id, stream, version, type, schema_version, data, texts, actor, on_behalf_of,
                    correlation_id, effective_at, reported_at, recorded_at) FROM STDIN;

-- name: cycle_events
COPY staged_cycle_events (cycle, effective_at, position) FROM STDIN;

-- name: claims
COPY staged_claims (scope, value, stream, position) FROM STDIN;

-- name: attach
-- What was attached before stays as it was.
INSERT INTO staged_attachments
SELECT * FROM unnest(%(parents)s::text[], %(children)s::text[], %(positions)s::bigint[])
    ON CONFLICT DO NOTHING;

-- name: person
-- Somebody's name and address.
INSERT INTO staged_people VALUES (%(member)s, %(name)s, %(email)s, %(external_id)s, %(source)s)
    ON CONFLICT (member) DO UPDATE SET (name, email, external_id, source)
        = (excluded.name, excluded.email, excluded.external_id, excluded.source);

-- name: erase
-- A member's personal data is gone, and with it the external ids that it claimed.
WITH erased AS (INSERT INTO staged_erased VALUES ('member/' || %(member)s::uuid) ON CONFLICT DO NOTHING),
     nobody AS (DELETE FROM staged_people WHERE member = %(member)s)
DELETE FROM staged_claims WHERE stream = 'member/' || %(member)s::uuid AND starts_with(scope, 'external_id:');

-- name: redact
-- Texts of a recorded event are gone, as redact_text (migration 0003) will have it.
INSERT INTO staged_texts
SELECT position, texts || coalesce((
           SELECT jsonb_object_agg(p, jsonb_build_object('redacted', true, 'at', %(at)s::text, 'reason', %(reason)s::text))
             FROM unnest(%(pointers)s::text[]) AS p WHERE texts -> p ? 'text'), '{}')
  FROM events WHERE position = %(position)s
    ON CONFLICT (position) DO UPDATE SET texts = excluded.texts;

-- name: holders
-- The query of the ledger (queries.sql), with the names one by one: only so does each of them go into the view, where
-- the indexes are.
SELECT wanted.scope, wanted.value, held.stream
  FROM unnest(%(scopes)s::text[], %(values)s::text[]) AS wanted (scope, value)
 CROSS JOIN LATERAL (
       SELECT stream FROM claims WHERE claims.scope = wanted.scope AND claims.value = wanted.value LIMIT 1) AS held;

-- name: children_of
-- The query of the ledger, with the parents one by one.
SELECT wanted.parent, wanted.kind, split_part(found.child, '/', 2)::uuid
  FROM unnest(%(parents)s::text[], %(kinds)s::text[]) AS wanted (parent, kind)
 CROSS JOIN LATERAL (
       SELECT child, position FROM attachments
        WHERE attachments.parent = wanted.parent AND starts_with(child, wanted.kind || '/') OFFSET 0) AS found
 ORDER BY found.position, found.child;
