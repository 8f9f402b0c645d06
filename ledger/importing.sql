-- name: lines_lost
-- Whether this ledger was restored from an export that held events of the source: which of its lines they came from is
-- not in an export.
SELECT EXISTS (SELECT FROM head WHERE restored > 0)
   AND EXISTS (SELECT FROM claims WHERE scope = ANY (%(claims)s))
   AND NOT EXISTS (SELECT FROM idempotency WHERE scope = %(lines)s);

-- name: count_of
-- How many events an import recorded after a position.
SELECT count(*) FROM events WHERE position > %(after)s AND starts_with(correlation_id, %(origin)s);
