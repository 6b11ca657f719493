import type { Space } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import type { SqliteValue } from "./sqlite_database.ts";
import { inRows, writeRows } from "./sqlite_rows.ts";

const GET = "SELECT value, until FROM huey_values WHERE queue = ? AND space = ? AND key = ?";
const SETS = inRows((rows) =>
  `INSERT INTO huey_values (queue, space, key, value, until) VALUES ${rows("(?, ?, ?, ?, ?)")}
  ON CONFLICT (queue, space, key) DO UPDATE SET value = excluded.value, until = excluded.until`
);
const ENTRIES = `SELECT key, value FROM huey_values WHERE queue = ? AND space = ? AND (until IS NULL OR until > ?)`;
const DELETE = "DELETE FROM huey_values WHERE queue = ? AND space = ? AND key = ?";
const CLEAR = "DELETE FROM huey_values WHERE queue = ? AND space = ?";
const SOME = "SELECT 1 FROM huey_values WHERE queue = ? AND space = ? LIMIT 1";
// The expired ones are few and have an index, so the others need not be looked at one by one.
const COUNT = `SELECT (SELECT count(*) FROM huey_values WHERE queue = ? AND space = ?)
  - (SELECT count(*) FROM huey_values WHERE queue = ? AND until <= ? AND space = ?) AS count`;

/** The key/value set of one name in a database. What it does belongs to the transaction of its caller. */
export class Values {
  readonly #database: Connection;
  readonly #queue: string;
  readonly #written: (space: Space, key: string) => void;

  /** `written` is told of each key that has got a value. */
  constructor(database: Connection, queue: string, written: (space: Space, key: string) => void) {
    this.#database = database;
    this.#queue = queue;
    this.#written = written;
  }

  /** The value, unless it has expired: it is gone from the very instant `until` on. */
  get(space: Space, key: string, now: number): string | undefined {
    return this.#living(space, key, now)?.value;
  }

  /** All keys of a space that have not expired, with their values. */
  entries(space: Space, now: number): [key: string, value: string][] {
    const rows = this.#database.all<{ key: string; value: string }>(ENTRIES, this.#queue, space, now);
    return rows.map(({ key, value }) => [key, value]);
  }

  /** Whether there is any key in a space, perhaps an expired one. */
  some(space: Space): boolean {
    return this.#database.get(SOME, this.#queue, space) !== undefined;
  }

  /** Writes a value. */
  set(space: Space, key: string, value: string, until?: number): void {
    this.setAll([{ space, key, value, until }]);
  }

  /** Writes values; of two for one key the later one stays. */
  setAll(values: { space: Space; key: string; value: string; until?: number | null }[]): void {
    const rows: SqliteValue[] = [];
    for (const { space, key, value, until = null } of values) rows.push(this.#queue, space, key, value, until);
    writeRows(this.#database, SETS, 5, rows);
    for (const { space, key } of values) this.#written(space, key);
  }

  /** Adds to a counter, and leaves it the time to live that it has. */
  increment(space: Space, key: string, by: number, now: number, ttl?: number): number {
    const counter = this.#living(space, key, now);
    const sum = Number(counter?.value ?? 0) + by;
    const until = counter ? counter.until ?? undefined : ttl === undefined ? undefined : now + ttl;
    this.set(space, key, String(sum), until);
    return sum;
  }

  /** Removes a key. */
  delete(space: Space, key: string): void {
    this.#database.run(DELETE, this.#queue, space, key);
  }

  /** Removes all keys of a space. */
  clear(space: Space): void {
    this.#database.run(CLEAR, this.#queue, space);
  }

  /** How many values of a space have not expired. */
  count(space: Space, now: number): number {
    return this.#database.get<{ count: number }>(COUNT, this.#queue, space, this.#queue, now, space)!.count;
  }

  #living(space: Space, key: string, now: number): { value: string; until: number | null } | undefined {
    const row = this.#database.get<{ value: string; until: number | null }>(GET, this.#queue, space, key);
    return row && (row.until === null || now < row.until) ? row : undefined;
  }
}
