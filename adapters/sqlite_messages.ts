import type { Delivery, Enqueued, Exchange, Join, Message, Settlement, State, Stored } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import { Holds } from "./sqlite_holds.ts";
import type { SqliteValue } from "./sqlite_database.ts";
import { type FirstRow, type Row, toMessage, toStored, writeRows } from "./sqlite_rows.ts";
import {
  ADD_PART,
  ADDS,
  AHEAD,
  BURY,
  BY_ID,
  BY_RECEIPT,
  CLEAR_PARTS,
  CLEARS,
  COUNT_PART,
  COUNTS,
  FINISH,
  FINISH_ALL,
  HAND_OUT,
  LAST,
  LEND,
  LINE,
  LISTS,
  PARTS,
  PROMOTE,
  RECOVER,
  REMOVE,
  REMOVE_PARTS,
  STAY,
  UNDO,
} from "./sqlite_statements.ts";

/** How many messages one claim promotes, and how many it recovers: an exchange must not take for ever. */
const MOST_MOVED = 1_000;

/** What is ready, and what will be by time alone. */
export interface Ahead {
  /** Whether a message is queued. */
  queued: boolean;
  /** Whether there is any mark on messages, perhaps an expired one. */
  marked: boolean;
  /** When the next one is due, or its lease lapses; `Infinity`: none. */
  next: number;
}

/** The messages of one name in a database. What it does belongs to the transaction of its caller. */
export class Messages {
  readonly #database: Connection;
  readonly #queue: string;
  readonly #holds: Holds;

  constructor(database: Connection, queue: string) {
    this.#database = database;
    this.#queue = queue;
    this.#holds = new Holds(database, queue);
  }

  /** Adds a message, unless one of its id is not finished or its unique key is held. Replaces a dead letter of its id. */
  add(message: Message, now: number): Enqueued {
    const { id, unique } = message;
    const there = this.#database.get<Row>(BY_ID, this.#queue, id);
    if (there && there.state !== "dead") return { id, added: false };
    const holder = unique && this.#holds.holder(unique.key, now);
    if (holder !== undefined) return { id: holder, added: false };
    if (there) this.#remove(there);
    this.#write([message], now);
    if (unique) this.#holds.take(unique.key, id, unique.until);
    return { id, added: true };
  }

  /** Adds messages, one after the other, or, where nothing speaks against any of them, together. */
  addAll(messages: Message[], now: number): Enqueued[] {
    if (messages.length > 1 && !messages.some(({ unique }) => unique)) {
      const last = this.#database.get<{ seq: number }>(LAST)!.seq;
      if (this.#write(messages, now) === messages.length) return messages.map(({ id }) => ({ id, added: true }));
      this.#database.run(UNDO, last);
    }
    return messages.map((message) => this.add(message, now));
  }

  /** Adds those whose ids are not there; gives how many those were. */
  #write(messages: Message[], now: number): number {
    const rows: SqliteValue[] = [];
    for (const { id, name, body, eta, delay, priority = 0, parts, unique } of messages) {
      const waits = parts !== undefined && parts > 0;
      const due = waits || delay === undefined ? eta : now + delay;
      const state: State = waits ? "waiting" : due !== undefined && due > now ? "scheduled" : "queued";
      const later = waits ? delay ?? null : null;
      rows.push(this.#queue, id, name, body, state, due ?? null, later, priority);
      rows.push(parts ?? null, parts ?? null, unique?.key ?? null);
    }
    return writeRows(this.#database, ADDS, 11, rows);
  }

  /** Ends deliveries that leave nothing behind in the queue; tells of each whether it was still there to end. */
  finishAll(receipts: string[], now: number): boolean[] {
    const read = receipts.map(readReceipt);
    const bySeq = new Map<string, Set<number>>();
    for (const { seq, token, isBare } of read) {
      if (!isBare) continue;
      const seqs = bySeq.get(token);
      if (seqs) seqs.add(seq);
      else bySeq.set(token, new Set([seq]));
    }
    const finished = new Map(
      [...bySeq].map(([token, seqs]) => {
        const rows = this.#database.all<{ seq: number }>(FINISH_ALL, JSON.stringify([...seqs]), this.#queue, token);
        return [token, new Set(rows.map(({ seq }) => seq))];
      }),
    );
    // Of two with one receipt, the first has ended it.
    return read.map(({ seq, token, isBare }, i) =>
      isBare ? finished.get(token)!.delete(seq) : this.#finish(receipts[i], now)
    );
  }

  /** Ends the delivery, or the rest, of the message that the settlement names; tells whether it is still there to end. */
  end(settlement: Settlement, now: number): boolean {
    const { receipt, resting, retry, release, bury } = settlement;
    if (receipt !== undefined && !retry && !release && bury === undefined) return this.#finish(receipt, now);
    const row = receipt !== undefined
      ? this.#database.get<Row>(BY_RECEIPT, ...this.#read(receipt))
      : this.#database.get<Row>(BY_ID, this.#queue, resting!.id);
    if (!row || (resting && !resting.states.includes(row.state))) return false;
    if (row.unique_key !== null) {
      if (retry || release) this.#holds.resume(row.unique_key, row.id, now);
      else this.#holds.finish(row.unique_key, row.id, now);
    }
    if (retry) {
      const { name, body, eta = null, delay = null, priority = 0 } = retry;
      this.#line(row, { name, body, eta, delay, priority, deliveries: 0 }, now);
    } else if (release) this.#release(row, release, row.deliveries - (receipt === undefined ? 0 : 1), now);
    else if (bury !== undefined) this.#database.run(BURY, bury, row.seq);
    else this.#remove(row);
    return true;
  }

  /** Gives a part to a message that waits; the last one makes it ready. A delay counts from then on. */
  join({ id, index, value }: Join, now: number): void {
    const row = this.#database.get<Row>(BY_ID, this.#queue, id);
    if (row?.state !== "waiting" || this.#database.run(ADD_PART, this.#queue, id, index, value) === 0) return;
    const { missing } = this.#database.get<{ missing: number }>(COUNT_PART, row.seq)!;
    if (missing === 0) this.#line({ ...row, state: "queued" }, row, now);
  }

  /** What can be handed out now or will be by time alone. */
  ahead(): Ahead {
    type Firsts = { queued: number; marked: number; eta: number | null; lapses: number | null };
    const queue = this.#queue;
    const { queued, marked, eta, lapses } = this.#database.get<Firsts>(AHEAD, queue, queue, queue, queue)!;
    return { queued: queued !== 0, marked: marked !== 0, next: Math.min(eta ?? Infinity, lapses ?? Infinity) };
  }

  /** Promotes and recovers what is due. */
  move(now: number): { promoted: number; recovered: number } {
    return {
      promoted: this.#database.run(PROMOTE, this.#queue, now, MOST_MOVED),
      // A message that comes back keeps its place: it has waited longer than those behind it.
      recovered: this.#database.run(RECOVER, this.#queue, now, MOST_MOVED),
    };
  }

  /** Hands out. */
  claim({ limit, lease }: NonNullable<Exchange["claim"]>, now: number): Delivery[] {
    const token = crypto.randomUUID();
    const rows = this.#database.all<FirstRow>(HAND_OUT, token, now + lease, this.#queue, toLimit(limit));
    // SQLite gives them in any order.
    rows.sort((a, b) => b.priority - a.priority || a.seq - b.seq);
    return rows.map((row) => ({
      message: toMessage(row),
      receipt: `${row.seq}${row.parts === null && row.unique_key === null ? BARE : "."}${token}`,
      deliveries: row.deliveries,
      ...row.parts !== null && { parts: this.#parts(row.id) },
    }));
  }

  /** Makes a lease end at an instant, even one that has lapsed; gives the message, if it still is the holder's. */
  lend(receipt: string, until: number): { id: string; name: string } | undefined {
    return this.#database.get(LEND, until, ...this.#read(receipt));
  }

  /** The message of this id. */
  find(id: string): Stored | undefined {
    const row = this.#database.get<Row>(BY_ID, this.#queue, id);
    return row && toStored(row);
  }

  /** Up to `limit` messages of a state, in its order. */
  list(state: State, limit: number): Stored[] {
    return this.#database.all<Row>(LISTS[state], this.#queue, toLimit(limit)).map(toStored);
  }

  /** How many messages are in a state. */
  count(state: State): number {
    return this.#database.get<{ count: number }>(COUNTS[state], this.#queue)!.count;
  }

  /** Removes all messages of a state; their keys are free at once. */
  clear(state: State): void {
    this.#holds.clear(state);
    this.#database.run(CLEAR_PARTS[state], this.#queue, this.#queue);
    this.#database.run(CLEARS[state], this.#queue);
  }

  /** Frees the unique keys of what is finished. */
  freeKeys(): void {
    this.#holds.clearFinished();
  }

  #finish(receipt: string, now: number): boolean {
    type Finished = Pick<Row, "id" | "parts" | "unique_key">;
    const finished = this.#database.get<Finished>(FINISH, ...this.#read(receipt));
    if (!finished) return false;
    const { id, parts, unique_key } = finished;
    if (unique_key !== null) this.#holds.finish(unique_key, id, now);
    if (parts !== null) this.#database.run(REMOVE_PARTS, this.#queue, id);
    return true;
  }

  #remove({ seq, id, parts }: Row): void {
    this.#database.run(REMOVE, seq);
    if (parts !== null) this.#database.run(REMOVE_PARTS, this.#queue, id);
  }

  #release(row: Row, release: NonNullable<Settlement["release"]>, deliveries: number, now: number): void {
    const timed = release.eta !== undefined || release.delay !== undefined;
    const { body = row.body, eta = timed ? null : row.eta, delay = timed ? null : row.delay } = release;
    const { seq, state } = row;
    // A dead letter has no place to keep.
    if (state !== "waiting" && (timed || state === "dead")) {
      return this.#line(row, { ...row, body, eta, delay, deliveries }, now);
    }
    const stays = state === "waiting" || state === "scheduled" ? state : "queued";
    this.#database.run(STAY, body, stays, eta, delay, deliveries, seq);
  }

  /** To the back of the queue, or of the schedule; what waits goes on waiting, since its parts are still to come. */
  #line(
    row: Row,
    message: Pick<Row, "name" | "body" | "eta" | "delay" | "priority" | "deliveries">,
    now: number,
  ): void {
    const waits = row.state === "waiting";
    const eta = waits || message.delay === null ? message.eta : now + message.delay;
    this.#database.run(
      LINE,
      message.name,
      message.body,
      waits ? "waiting" : eta !== null && eta > now ? "scheduled" : "queued",
      eta,
      waits ? message.delay : null,
      message.priority,
      message.deliveries,
      row.seq,
    );
  }

  #parts(id: string): string[] {
    return this.#database.all<{ value: string }>(PARTS, this.#queue, id).map(({ value }) => value);
  }

  #read(receipt: string): [seq: number, queue: string, token: string] {
    const { seq, token } = readReceipt(receipt);
    return [seq, this.#queue, token];
  }
}

/** Stands in the receipt of a message that has neither a unique key nor parts: with its row all of it is gone. */
const BARE = "-";

/** A receipt names the row, and the hand-out by a token: a row's number may come again, a token does not. */
function readReceipt(receipt: string): { seq: number; token: string; isBare: boolean } {
  const [, seq, kind, token] = /^(\d+)([.-])(.+)$/.exec(receipt) ?? [, "-1", ".", ""];
  return { seq: Number(seq), token, isBare: kind === BARE };
}

/** To SQLite a negative limit is none. */
function toLimit(limit: number): number {
  return limit === Infinity ? -1 : limit;
}
