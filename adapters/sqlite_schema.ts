import { ConfigurationError } from "../src/errors.ts";
import type { SqliteDatabase } from "./sqlite_database.ts";

/**
 * How the schema came to be: the n-th list of statements leads from version n to version n + 1. What is published here
 * is not changed any more, only added to.
 *
 * A task has one row all its life, and its outcome is kept in it: what is written in a transaction are whole pages, and so
 * a task that ends and the one that is begun with touch two of them most of the time. A task's `seq` is its place among
 * all others: whoever joins the back of something gets the highest one, so "first in, first out" is the order of the
 * table itself. The line is one index for all states, in which `place` is what counts in a state: when an outcome expires
 * or a lease lapses, the priority (negative, so that the highest is first), the eta; those that have ended, that run and
 * that come next are neighbours in it. The names begin with `huey_`, and the version has a table of its own, because the
 * database may be shared with an application's tables.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [[
  `CREATE TABLE huey_messages (
    seq INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    eta INTEGER,
    delay INTEGER,
    priority REAL NOT NULL,
    parts INTEGER,
    missing INTEGER,
    unique_key TEXT,
    deliveries INTEGER NOT NULL DEFAULT 0,
    token TEXT,
    lapses INTEGER,
    note TEXT
  )`,
  `CREATE UNIQUE INDEX huey_messages_id ON huey_messages (queue, id)`,
  `CREATE INDEX huey_messages_queued ON huey_messages (queue, priority DESC) WHERE state = 'queued'`,
  `CREATE INDEX huey_messages_scheduled ON huey_messages (queue, eta) WHERE state = 'scheduled'`,
  `CREATE INDEX huey_messages_waiting ON huey_messages (queue) WHERE state = 'waiting'`,
  `CREATE INDEX huey_messages_running ON huey_messages (queue, lapses) WHERE state = 'running'`,
  `CREATE INDEX huey_messages_dead ON huey_messages (queue) WHERE state = 'dead'`,
  `CREATE TABLE huey_parts (
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (queue, id, place)
  ) WITHOUT ROWID`,
  `CREATE TABLE huey_holds (
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    until INTEGER,
    finished INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (queue, key)
  ) WITHOUT ROWID`,
  `CREATE INDEX huey_holds_until ON huey_holds (queue, until) WHERE finished`,
  `CREATE TABLE huey_values (
    queue TEXT NOT NULL,
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    until INTEGER,
    PRIMARY KEY (queue, space, key)
  ) WITHOUT ROWID`,
  `CREATE INDEX huey_values_until ON huey_values (queue, until) WHERE until IS NOT NULL`,
  `CREATE TABLE huey_requests (
    queue TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (queue, request)
  ) WITHOUT ROWID`,
  `CREATE INDEX huey_requests_until ON huey_requests (queue, until)`,
], [
  `CREATE TABLE huey_tasks (
    seq INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    state INTEGER NOT NULL,
    place NUMERIC,
    priority REAL NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0,
    token TEXT,
    eta INTEGER,
    delay INTEGER,
    parts INTEGER,
    missing INTEGER,
    unique_key TEXT,
    name TEXT,
    until INTEGER,
    outcome TEXT,
    note TEXT,
    body TEXT
  )`,
  `INSERT INTO huey_tasks (seq, queue, id, state, place, priority, deliveries, token, eta, delay, parts, missing,
    unique_key, name, note, body)
  SELECT seq, queue, id,
    CASE state WHEN 'running' THEN 1 WHEN 'queued' THEN 2 WHEN 'scheduled' THEN 3 WHEN 'waiting' THEN 4 ELSE 5 END,
    CASE state WHEN 'running' THEN lapses WHEN 'queued' THEN -priority WHEN 'scheduled' THEN eta END,
    priority, deliveries, token, eta, delay, parts, missing, unique_key, name, note, body
  FROM huey_messages`,
  `CREATE UNIQUE INDEX huey_tasks_id ON huey_tasks (queue, id)`,
  `INSERT INTO huey_tasks (queue, id, state, place, until, outcome)
  SELECT queue, key, 0, until, until, value FROM huey_values WHERE space = 'results'
  ON CONFLICT (queue, id) DO UPDATE SET until = excluded.until, outcome = excluded.outcome`,
  `CREATE INDEX huey_tasks_line ON huey_tasks (queue, state, place)`,
  `CREATE INDEX huey_tasks_outcome ON huey_tasks (queue, until) WHERE state > 0 AND outcome IS NOT NULL`,
  `DROP TABLE huey_messages`,
  `DELETE FROM huey_values WHERE space = 'results'`,
  // They were kept in another way, and nobody who has sent them is there any more.
  `DELETE FROM huey_requests`,
]];

/**
 * Brings a database to the newest version. Of several processes that open one file at once, one does it and the others
 * find it done.
 *
 * @throws {ConfigurationError} if a newer version of the library has been there.
 */
export function upgrade(database: SqliteDatabase, migrations: readonly (readonly string[])[] = MIGRATIONS): void {
  // Looked at without a lock first: most of the time there is nothing to do, and a reader disturbs nobody.
  if (versionOf(database) === migrations.length) return;
  run(database, "BEGIN IMMEDIATE");
  try {
    const version = versionOf(database);
    if (version > migrations.length) {
      throw new ConfigurationError(
        `Cannot use a database of a newer version of the library: current schema is ${version}, ` +
          `known up to ${migrations.length}; update the library`,
      );
    }
    for (const statement of migrations.slice(version).flat()) run(database, statement);
    run(database, "CREATE TABLE IF NOT EXISTS huey_schema (version INTEGER NOT NULL)");
    run(database, "DELETE FROM huey_schema");
    run(database, `INSERT INTO huey_schema (version) VALUES (${migrations.length})`);
    run(database, "COMMIT");
  } catch (error) {
    run(database, "ROLLBACK");
    throw error;
  }
}

function run(database: SqliteDatabase, sql: string): void {
  database.prepare(sql).run();
}

function versionOf(database: SqliteDatabase): number {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'huey_schema'").get();
  if (!table) return 0;
  const row = database.prepare("SELECT version FROM huey_schema").get() as { version: number } | undefined | null;
  return row?.version ?? 0;
}
