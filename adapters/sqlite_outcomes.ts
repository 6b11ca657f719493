import type { Connection } from "./sqlite_connection.ts";
import { RANKS } from "./sqlite_rows.ts";

const ENDED = `queue = ? AND state = ${RANKS.ended}`;
// Those of tasks that have not ended: of a dead letter, of a task that is called again under its id, and the like.
const KEPT = "queue = ? AND state > 0 AND outcome IS NOT NULL";
const LIVES = "(until IS NULL OR until > ?)";

const GET = "SELECT outcome AS value, until FROM huey_tasks WHERE queue = ? AND id = ? AND outcome IS NOT NULL";
const SET = `INSERT INTO huey_tasks (queue, id, state, place, until, outcome) VALUES (?, ?, ${RANKS.ended}, ?, ?, ?)
  ON CONFLICT (queue, id) DO UPDATE SET until = excluded.until, outcome = excluded.outcome,
    place = iif(state = ${RANKS.ended}, excluded.place, place)`;
const DELETE = `DELETE FROM huey_tasks WHERE queue = ? AND id = ? AND state = ${RANKS.ended}`;
const FORGET = "UPDATE huey_tasks SET until = NULL, outcome = NULL WHERE queue = ? AND id = ?";
const CLEAR = `DELETE FROM huey_tasks WHERE ${ENDED}`;
const FORGET_ALL = `UPDATE huey_tasks SET until = NULL, outcome = NULL WHERE ${KEPT}`;
const ENTRIES = `SELECT id AS key, outcome AS value FROM huey_tasks WHERE ${ENDED} AND ${LIVES} UNION ALL
  SELECT id, outcome FROM huey_tasks WHERE ${KEPT} AND ${LIVES}`;
// The expired ones are few and have an index, so the others need not be looked at one by one.
const COUNT = `SELECT (SELECT count(*) FROM huey_tasks WHERE ${ENDED})
  - (SELECT count(*) FROM huey_tasks WHERE ${ENDED} AND place <= ?)
  + (SELECT count(*) FROM huey_tasks WHERE ${KEPT} AND ${LIVES}) AS count`;

/** A value, and until when it lives; `null`: for ever. */
export interface Living {
  value: string;
  until: number | null;
}

/** The outcomes of one name in a database, each in the row of its task. What it does belongs to the transaction of its caller. */
export class Outcomes {
  readonly #database: Connection;
  readonly #queue: string;

  constructor(database: Connection, queue: string) {
    this.#database = database;
    this.#queue = queue;
  }

  /** The outcome of an id, perhaps an expired one. */
  get(id: string): Living | undefined {
    return this.#database.get<Living>(GET, this.#queue, id);
  }

  /** Writes an outcome, whether there is a task or not. */
  set(id: string, value: string, until: number | null): void {
    this.#database.run(SET, this.#queue, id, until, until, value);
  }

  /** Removes an outcome. */
  delete(id: string): void {
    if (this.#database.run(DELETE, this.#queue, id) === 0) this.#database.run(FORGET, this.#queue, id);
  }

  /** Removes all outcomes. */
  clear(): void {
    this.#database.run(CLEAR, this.#queue);
    this.#database.run(FORGET_ALL, this.#queue);
  }

  /** All that have not expired. */
  entries(now: number): { key: string; value: string }[] {
    return this.#database.all(ENTRIES, this.#queue, now, this.#queue, now);
  }

  /** How many have not expired. */
  count(now: number): number {
    const queue = this.#queue;
    return this.#database.get<{ count: number }>(COUNT, queue, queue, now, queue, now)!.count;
  }
}
