import type { Connection } from "./sqlite_connection.ts";
import type { SqliteValue } from "./sqlite_database.ts";
import type { Holds } from "./sqlite_holds.ts";
import { readReceipt } from "./sqlite_receipts.ts";
import { eachStatement, type Row } from "./sqlite_rows.ts";
import {
  FINISH,
  FINISH_ALL,
  FINISH_KEPT,
  FINISH_WITH,
  FINISH_WITH_PARTS,
  REMOVE,
  REMOVE_KEPT,
  REMOVE_PARTS,
} from "./sqlite_statements.ts";

/** The end of a delivery, with an outcome of the same task. */
export interface Ending {
  /** Which delivery. */
  receipt: string;
  /** Of which message it has to be. */
  id: string;
  /** The outcome. */
  value: string;
  /** When it is gone; `null`: never. */
  until: number | null;
}

type Finished = Pick<Row, "id" | "parts" | "unique_key">;

/** How messages of one name leave the queue. What it does belongs to the transaction of its caller. */
export class Ends {
  readonly #database: Connection;
  readonly #queue: string;
  readonly #holds: Holds;

  constructor(database: Connection, queue: string, holds: Holds) {
    this.#database = database;
    this.#queue = queue;
    this.#holds = holds;
  }

  /**
   * Ends deliveries, of which no two are of one receipt or one id. Tells of each whether it was there to end, and of this
   * id.
   */
  endAll(endings: Ending[], now: number): boolean[] {
    if (endings.length === 1) return [this.#endWith(endings[0], now)];
    const bare = new Map<string, Ending>();
    const rows: SqliteValue[] = [];
    const ended = new Set<Ending>();
    for (const ending of endings) {
      const { seq, token, isBare } = readReceipt(ending.receipt);
      if (isBare) {
        bare.set(ending.id, ending);
        rows.push(seq, token, ending.id, ending.value, ending.until);
      } else if (this.#endWith(ending, now)) ended.add(ending);
    }
    eachStatement(FINISH_ALL, 5, rows, (sql, values) => {
      const found = this.#database.all<{ id: string }>(sql, ...values, this.#queue);
      for (const { id } of found) ended.add(bare.get(id)!);
    });
    return endings.map((ending) => ended.has(ending));
  }

  /** Ends a delivery; what outcome its message has is kept. Tells whether it was there to end. */
  finish(receipt: string, now: number): boolean {
    const { seq, token } = readReceipt(receipt);
    const finished = this.#database.get<Finished>(FINISH, seq, this.#queue, token) ??
      this.#database.get<Finished>(FINISH_KEPT, seq, this.#queue, token);
    return this.#letGo(finished, now);
  }

  /** Removes a message that is at rest. */
  remove({ seq, id, parts }: Row): void {
    if (this.#database.run(REMOVE, seq) === 0) this.#database.run(REMOVE_KEPT, seq);
    if (parts !== null) this.#database.run(REMOVE_PARTS, this.#queue, id);
  }

  #endWith({ receipt, id, value, until }: Ending, now: number): boolean {
    const { seq, token, isBare } = readReceipt(receipt);
    const values = [until, until, value, seq, this.#queue, token, id];
    if (isBare) return this.#database.run(FINISH_WITH, ...values) > 0;
    return this.#letGo(this.#database.get<Finished>(FINISH_WITH_PARTS, ...values), now);
  }

  #letGo(finished: Finished | undefined, now: number): boolean {
    if (!finished) return false;
    const { id, parts, unique_key } = finished;
    if (unique_key !== null) this.#holds.finish(unique_key, id, now);
    if (parts !== null) this.#database.run(REMOVE_PARTS, this.#queue, id);
    return true;
  }
}
