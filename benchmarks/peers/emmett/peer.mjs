// Emmett on PostgreSQL: takes orders from the benchmarks, a line of JSON each on standard input, and answers each by one.
//
//   append    so many callers, each with 40 key results of its own, append check-ins with the version they expect
//   fill      so many check-ins, in streams of 40
//   rebuild   the read model anew from the beginning
//   check     what the smoke check wants to know
//
// The read model has a row a key result: what was last said of it, as of which event.

import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import {
  getPostgreSQLEventStore,
  postgreSQLRawBatchSQLProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql';
import { rawSql, sql } from '@event-driven-io/dumbo';
import pg from 'pg';

const EACH = 40;
const { PEER_HOST: host, PEER_USER: user, PEER_DATABASE: database } = process.env;
const connectionString = `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;

// One statement a batch, of what was last said in it: as quick as its interface lets a projection be.
const readModel = (table) =>
  postgreSQLRawBatchSQLProjection({
    name: table,
    canHandle: ['CheckedIn'],
    evolve: (events) => {
      const last = new Map(events.map((event) => [event.data.keyResult, event]));
      const rows = [...last.values()].map(({ data, metadata }) =>
        sql('(%L, %s, %L)', data.keyResult, metadata.streamPosition.toString(), data.value),
      );
      return [
        rawSql(
          `INSERT INTO ${table} VALUES ${rows.join(', ')}
           ON CONFLICT (stream) DO UPDATE SET (version, said) = (excluded.version, excluded.said)`,
        ),
      ];
    },
    init: () => rawSql(`CREATE TABLE IF NOT EXISTS ${table} (stream text PRIMARY KEY, version bigint, said text)`),
  });

const checkedIn = (keyResult, value) => ({
  type: 'CheckedIn',
  data: { keyResult, checkIn: randomUUID(), value: String(value), note: 'a good week', by: 'owner' },
});

const pools = new Map();
const poolOf = (size) => {
  if (!pools.has(size)) pools.set(size, new pg.Pool({ host, user, database, max: size }));
  return pools.get(size);
};

const stores = new Map();
const store = async (connections, inline) => {
  const key = `${connections} ${inline}`;
  if (!stores.has(key)) {
    const made = getPostgreSQLEventStore(connectionString, {
      projections: inline ? [{ type: 'inline', projection: readModel('said_inline') }] : [],
      connectionOptions: { pooled: true, pool: poolOf(connections) },
    });
    await made.schema.migrate();
    stores.set(key, made);
  }
  return stores.get(key);
};

const orders = {
  async append({ callers, seconds, connections, inline = false }) {
    const events = await store(connections, inline);
    const milliseconds = [];
    const until = performance.now() + 1000 * seconds;
    const started = performance.now();
    const caller = async () => {
      const streams = Array.from({ length: EACH }, () => ({ id: `key_result-${randomUUID()}`, version: STREAM_DOES_NOT_EXIST }));
      for (let n = 0; performance.now() < until; n++) {
        const stream = streams[n % EACH];
        const before = performance.now();
        const done = await events.appendToStream(stream.id, [checkedIn(stream.id, n % 120)], {
          expectedStreamVersion: stream.version,
        });
        stream.version = done.nextExpectedStreamVersion;
        milliseconds.push(performance.now() - before);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return { seconds: (performance.now() - started) / 1000, milliseconds };
  },

  async fill({ events: count }) {
    const events = await store(4, false);
    for (let done = 0; done < count; done += EACH) {
      const id = `key_result-${randomUUID()}`;
      await events.appendToStream(id, Array.from({ length: Math.min(EACH, count - done) }, (_, n) => checkedIn(id, n)));
    }
    return count;
  },

  async rebuild({ table }) {
    const consumer = rebuildPostgreSQLProjections({
      connectionString,
      connectionOptions: undefined,
      projection: readModel(table),
      pulling: { batchSize: 500 },
    });
    const started = performance.now();
    await consumer.start();
    const seconds = (performance.now() - started) / 1000;
    await consumer.close();
    return seconds;
  },

  async check({ table }) {
    const events = await store(4, true);
    const id = `key_result-${randomUUID()}`;
    await events.appendToStream(id, [checkedIn(id, 1), checkedIn(id, 2)], { expectedStreamVersion: STREAM_DOES_NOT_EXIST });
    let refused = false;
    try {
      await events.appendToStream(id, [checkedIn(id, 3)], { expectedStreamVersion: 1n });
    } catch (error) {
      refused = error.name === 'ExpectedVersionConflictError' || /version/i.test(error.message);
    }
    const ask = async (text, values) => (await poolOf(4).query(text, values)).rows[0];
    const inline = await ask('SELECT version, said FROM said_inline WHERE stream = $1', [id]);
    const wrong = await ask(
      `SELECT count(*)::int AS rows FROM (
         SELECT DISTINCT ON (stream_id) stream_id, stream_position, message_data ->> 'value' AS said
           FROM emt_messages ORDER BY stream_id, stream_position DESC) AS last
         LEFT JOIN ${table} AS shown ON shown.stream = last.stream_id
        WHERE (shown.version, shown.said) IS DISTINCT FROM (last.stream_position, last.said) AND last.stream_id <> $1`,
      [id],
    );
    const durable = await ask(`SELECT current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync`);
    return { refused, inline: `${inline.version}:${inline.said}`, wrong: wrong.rows, ...durable };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...order } = JSON.parse(line);
  process.stdout.write(JSON.stringify(await orders[what](order)) + '\n');
}
for (const made of stores.values()) await made.close();
for (const pool of pools.values()) if (!pool.ended) await pool.end();
