import type { Connection } from "./sqlite_connection.ts";
import { RANKS } from "./sqlite_rows.ts";

/** When it is time to look for what has expired: after so many writes, or so many milliseconds. */
const EVERY = { writes: 100, interval: 1_000 };

const OUTCOMES = `FROM huey_tasks WHERE queue = ? AND state = ${RANKS.ended} AND place <= ?`;
const VALUES = "FROM huey_values WHERE queue = ? AND until <= ?";
const HOLDS = "FROM huey_holds WHERE queue = ? AND finished AND until <= ?";
const ANSWERS = "FROM huey_requests WHERE queue = ? AND until <= ?";

const ANY = `SELECT ${
  [OUTCOMES, VALUES, HOLDS, ANSWERS].map((from) => `EXISTS (SELECT 1 ${from})`).join(" OR ")
} AS found`;
const SWEEPS = [
  `DELETE FROM huey_tasks WHERE seq IN (SELECT seq ${OUTCOMES} ORDER BY place LIMIT ? + 0)`,
  `DELETE FROM huey_values WHERE (queue, space, key) IN (SELECT queue, space, key ${VALUES} ORDER BY until LIMIT ? + 0)`,
  `DELETE FROM huey_holds WHERE (queue, key) IN (SELECT queue, key ${HOLDS} ORDER BY until LIMIT ? + 0)`,
  `DELETE FROM huey_requests WHERE (queue, request) IN (SELECT queue, request ${ANSWERS} ORDER BY until LIMIT ? + 0)`,
];

/** Forgets what has expired, for nobody asks for it again: a little at a time, as part of the transactions of others. */
export class Sweeper {
  readonly #database: Connection;
  readonly #queue: string;
  #sweptAt = -Infinity;
  #writes = 0;

  constructor(database: Connection, queue: string) {
    this.#database = database;
    this.#queue = queue;
  }

  /** To be told of each transaction, and how much it writes: more than that is swept, so expired things cannot pile up. */
  sweep(now: number, writes: number): void {
    this.#writes += writes;
    if (this.#writes < EVERY.writes && Math.abs(now - this.#sweptAt) < EVERY.interval) return;
    const most = 2 * this.#writes + EVERY.writes;
    this.#writes = 0;
    this.#sweptAt = now;
    const [queue, database] = [this.#queue, this.#database];
    if (!database.get<{ found: number }>(ANY, queue, now, queue, now, queue, now, queue, now)!.found) return;
    for (const statement of SWEEPS) database.run(statement, queue, now, most);
  }
}
