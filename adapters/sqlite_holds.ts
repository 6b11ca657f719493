import type { State } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import { RANKS } from "./sqlite_rows.ts";

const HOLDER = "SELECT id FROM huey_holds WHERE queue = ? AND key = ? AND (NOT finished OR until > ?)";
const TAKE = "INSERT OR REPLACE INTO huey_holds (queue, key, id, until) VALUES (?, ?, ?, ?)";
const FREE = "DELETE FROM huey_holds WHERE queue = ? AND key = ? AND id = ? AND (until IS NULL OR until <= ?)";
const FINISH = "UPDATE huey_holds SET finished = 1 WHERE queue = ? AND key = ? AND id = ?";
const RESUME = "UPDATE huey_holds SET finished = 0 WHERE queue = ? AND key = ? AND id = ? AND until > ?";
const CLEAR = `DELETE FROM huey_holds WHERE queue = ? AND EXISTS (SELECT 1 FROM huey_tasks AS held
  WHERE held.queue = huey_holds.queue AND held.id = huey_holds.id
    AND held.unique_key = huey_holds.key AND held.state = ?)`;
const CLEAR_FINISHED = "DELETE FROM huey_holds WHERE queue = ? AND finished";

/** Who holds which unique key, within one name in a database. What it does belongs to the transaction of its caller. */
export class Holds {
  readonly #database: Connection;
  readonly #queue: string;

  constructor(database: Connection, queue: string) {
    this.#database = database;
    this.#queue = queue;
  }

  /** The id of the message that holds the key. */
  holder(key: string, now: number): string | undefined {
    return this.#database.get<{ id: string }>(HOLDER, this.#queue, key, now)?.id;
  }

  /** Takes the key for a message; nobody may hold it. */
  take(key: string, id: string, until?: number): void {
    this.#database.run(TAKE, this.#queue, key, id, until ?? null);
  }

  /** The message is finished: the key is free, or will be when the time has come. */
  finish(key: string, id: string, now: number): void {
    if (this.#database.run(FREE, this.#queue, key, id, now) === 0) this.#database.run(FINISH, this.#queue, key, id);
  }

  /** The message, a dead letter, is brought back: it holds the key again until it is finished, if it still had it. */
  resume(key: string, id: string, now: number): void {
    this.#database.run(RESUME, this.#queue, key, id, now);
  }

  /** The keys of what is finished are free at once. */
  clearFinished(): void {
    this.#database.run(CLEAR_FINISHED, this.#queue);
  }

  /** The keys of all messages in a state are free at once. */
  clear(state: State): void {
    this.#database.run(CLEAR, this.#queue, RANKS[state]);
  }
}
