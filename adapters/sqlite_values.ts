import type { Space } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import type { SqliteValue } from "./sqlite_database.ts";
import { type Living, Outcomes } from "./sqlite_outcomes.ts";
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

/** A value to be written. */
export interface Entry {
  space: Space;
  key: string;
  value: string;
  /** When it is gone; absent: never. */
  until?: number | null;
}

/** The key/value set of one name in a database; outcomes are kept with the tasks. What it does belongs to the transaction of its caller. */
export class Values {
  readonly #database: Connection;
  readonly #queue: string;
  readonly #outcomes: Outcomes;
  /** To be told of each key that has got a value. */
  readonly written: (space: Space, key: string) => void;

  /** `written` is told of each key that has got a value. */
  constructor(database: Connection, queue: string, written: (space: Space, key: string) => void) {
    this.#database = database;
    this.#queue = queue;
    this.#outcomes = new Outcomes(database, queue);
    this.written = written;
  }

  /** The value, unless it has expired: it is gone from the very instant `until` on. */
  get(space: Space, key: string, now: number): string | undefined {
    return this.#living(space, key, now)?.value;
  }

  /** All keys of a space that have not expired, with their values. */
  entries(space: Space, now: number): [key: string, value: string][] {
    const rows = space === "results"
      ? this.#outcomes.entries(now)
      : this.#database.all<{ key: string; value: string }>(ENTRIES, this.#queue, space, now);
    return rows.map(({ key, value }) => [key, value]);
  }

  /** Whether there is any mark on messages, perhaps an expired one. */
  hasMarks(): boolean {
    return this.#database.get(SOME, this.#queue, "revoked") !== undefined;
  }

  /** Writes a value. */
  set(space: Space, key: string, value: string, until?: number): void {
    this.setAll([{ space, key, value, until }]);
  }

  /** Writes values; of two for one key the later one stays. */
  setAll(values: Entry[]): void {
    const rows: SqliteValue[] = [];
    for (const { space, key, value, until = null } of values) {
      if (space === "results") this.#outcomes.set(key, value, until);
      else rows.push(this.#queue, space, key, value, until);
    }
    writeRows(this.#database, SETS, 5, rows);
    for (const { space, key } of values) this.written(space, key);
  }

  /** How many outcomes have not expired. */
  countResults(now: number): number {
    return this.#outcomes.count(now);
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
    if (space === "results") this.#outcomes.delete(key);
    else this.#database.run(DELETE, this.#queue, space, key);
  }

  /** Removes all keys of a space. */
  clear(space: Space): void {
    if (space === "results") this.#outcomes.clear();
    else this.#database.run(CLEAR, this.#queue, space);
  }

  #living(space: Space, key: string, now: number): Living | undefined {
    const row = space === "results"
      ? this.#outcomes.get(key)
      : this.#database.get<Living>(GET, this.#queue, space, key);
    return row && (row.until === null || now < row.until) ? row : undefined;
  }
}
