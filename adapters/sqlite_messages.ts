import type { Delivery, Enqueued, Exchange, Join, Message, Settlement, State, Stored } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import { Holds } from "./sqlite_holds.ts";
import type { SqliteValue } from "./sqlite_database.ts";
import { type Ending, Ends } from "./sqlite_ends.ts";
import { readReceipt, toReceipt } from "./sqlite_receipts.ts";
import { type FirstRow, type Rank, RANKS, type Row, toMessage, toStored, writeRows } from "./sqlite_rows.ts";
import * as sql from "./sqlite_statements.ts";

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
  readonly #ends: Ends;

  constructor(database: Connection, queue: string) {
    this.#database = database;
    this.#queue = queue;
    this.#holds = new Holds(database, queue);
    this.#ends = new Ends(database, queue, this.#holds);
  }

  /** Adds a message, unless one of its id is not finished or its unique key is held. Replaces a dead letter of its id. */
  add(message: Message, now: number): Enqueued {
    const { id, unique } = message;
    const there = this.#database.get<Row>(sql.BY_ID, this.#queue, id);
    if (there && there.state !== RANKS.dead && there.state !== RANKS.ended) return { id, added: false };
    const holder = unique && this.#holds.holder(unique.key, now);
    if (holder !== undefined) return { id: holder, added: false };
    if (there?.state === RANKS.dead && there.parts !== null) this.#database.run(sql.REMOVE_PARTS, this.#queue, id);
    const row = toRow(message, now);
    if (there) this.#database.run(sql.REPLACE, ...row, there.seq);
    else writeRows(this.#database, sql.ADDS, row.length + 1, [this.#queue, ...row]);
    if (unique) this.#holds.take(unique.key, id, unique.until);
    return { id, added: true };
  }

  /** Adds messages, one after the other, or, where nothing speaks against any of them, together. */
  addAll(messages: Message[], now: number): Enqueued[] {
    if (messages.length > 1 && !messages.some(({ unique }) => unique)) {
      const last = this.#database.get<{ seq: number }>(sql.LAST)!.seq;
      if (this.#write(messages, now) === messages.length) return messages.map(({ id }) => ({ id, added: true }));
      this.#database.run(sql.UNDO, last);
    }
    return messages.map((message) => this.add(message, now));
  }

  /** Adds those whose ids are not there; gives how many those were. */
  #write(messages: Message[], now: number): number {
    const rows: SqliteValue[] = [];
    if (messages.every(isPlain)) {
      for (const { id, name, body } of messages) rows.push(this.#queue, id, name, body);
      return writeRows(this.#database, sql.ADDS_PLAIN, 4, rows);
    }
    for (const message of messages) rows.push(this.#queue, ...toRow(message, now));
    return writeRows(this.#database, sql.ADDS, rows.length / messages.length, rows);
  }

  /** Ends deliveries that leave an outcome, and nothing behind in the queue; tells of each whether it was there to end. */
  endAll(endings: Ending[], now: number): boolean[] {
    return this.#ends.endAll(endings, now);
  }

  /** Ends the delivery, or the rest, of the message that the settlement names; tells whether it is still there to end. */
  end(settlement: Settlement, now: number): boolean {
    const { receipt, resting, retry, release, bury } = settlement;
    if (receipt !== undefined && !retry && !release && bury === undefined) return this.#ends.finish(receipt, now);
    const row = receipt !== undefined
      ? this.#database.get<Row>(sql.BY_RECEIPT, ...this.#read(receipt))
      : this.#database.get<Row>(sql.BY_ID, this.#queue, resting!.id);
    if (!row || (resting && !resting.states.some((state) => RANKS[state] === row.state))) return false;
    if (row.unique_key !== null) {
      if (retry || release) this.#holds.resume(row.unique_key, row.id, now);
      else this.#holds.finish(row.unique_key, row.id, now);
    }
    if (retry) {
      const { name, body, eta = null, delay = null, priority = 0 } = retry;
      this.#line(row, { name, body, eta, delay, priority, deliveries: 0 }, now);
    } else if (release) this.#release(row, release, row.deliveries - (receipt === undefined ? 0 : 1), now);
    else if (bury !== undefined) this.#database.run(sql.BURY, bury, row.seq);
    else this.#ends.remove(row);
    return true;
  }

  /** Gives a part to a message that waits; the last one makes it ready. A delay counts from then on. */
  join({ id, index, value }: Join, now: number): void {
    const row = this.#database.get<Row>(sql.BY_ID, this.#queue, id);
    if (row?.state !== RANKS.waiting || this.#database.run(sql.ADD_PART, this.#queue, id, index, value) === 0) return;
    const { missing } = this.#database.get<{ missing: number }>(sql.COUNT_PART, row.seq)!;
    if (missing === 0) this.#line({ ...row, state: RANKS.queued }, row, now);
  }

  /** What can be handed out now or will be by time alone. */
  ahead(): Ahead {
    type Firsts = { queued: number; marked: number; eta: number | null; lapses: number | null };
    const queue = this.#queue;
    const { queued, marked, eta, lapses } = this.#database.get<Firsts>(sql.AHEAD, queue, queue, queue, queue)!;
    return { queued: queued !== 0, marked: marked !== 0, next: Math.min(eta ?? Infinity, lapses ?? Infinity) };
  }

  /** Promotes and recovers what is due. */
  move(now: number): { promoted: number; recovered: number } {
    return {
      promoted: this.#database.run(sql.PROMOTE, this.#queue, now, MOST_MOVED),
      // A message that comes back keeps its place: it has waited longer than those behind it.
      recovered: this.#database.run(sql.RECOVER, this.#queue, now, MOST_MOVED),
    };
  }

  /** Hands out. */
  claim({ limit, lease }: NonNullable<Exchange["claim"]>, now: number): Delivery[] {
    const token = crypto.randomUUID();
    const rows = this.#database.all<FirstRow>(sql.HAND_OUT, now + lease, token, this.#queue, toLimit(limit));
    // SQLite gives them in any order.
    if (rows.length > 1) rows.sort((a, b) => b.priority - a.priority || a.seq - b.seq);
    return rows.map((row) => ({
      message: toMessage(row),
      receipt: toReceipt(row, token),
      deliveries: row.deliveries,
      ...row.parts !== null && { parts: this.#parts(row.id) },
    }));
  }

  /** Makes a lease end at an instant, even one that has lapsed; gives the message, if it still is the holder's. */
  lend(receipt: string, until: number): { id: string; name: string } | undefined {
    return this.#database.get(sql.LEND, until, ...this.#read(receipt));
  }

  /** The message of this id. */
  find(id: string): Stored | undefined {
    const row = this.#database.get<Row>(sql.BY_ID, this.#queue, id);
    return row && row.state !== RANKS.ended ? toStored(row) : undefined;
  }

  /** Up to `limit` messages of a state, in its order, but for the first `offset`. */
  list(state: State, limit: number, offset: number): Stored[] {
    return this.#database.all<Row>(sql.LISTS[state], this.#queue, toLimit(limit), offset).map(toStored);
  }

  /** How many messages are in a state. */
  count(state: State): number {
    return this.#database.get<{ count: number }>(sql.COUNTS[state], this.#queue)!.count;
  }

  /** Removes all messages of a state; their keys are free at once. */
  clear(state: State): void {
    this.#holds.clear(state);
    this.#database.run(sql.CLEAR_PARTS[state], this.#queue, this.#queue);
    this.#database.run(sql.CLEARS[state], this.#queue);
    this.#database.run(sql.CLEARS_KEPT[state], this.#queue);
  }

  /** Frees the unique keys of what is finished. */
  freeKeys(): void {
    this.#holds.clearFinished();
  }

  #release(row: Row, release: NonNullable<Settlement["release"]>, deliveries: number, now: number): void {
    const timed = release.eta !== undefined || release.delay !== undefined;
    const { body = row.body, eta = timed ? null : row.eta, delay = timed ? null : row.delay } = release;
    const { seq, state, priority } = row;
    // A dead letter has no place to keep.
    if (state !== RANKS.waiting && (timed || state === RANKS.dead)) {
      return this.#line(row, { ...row, body, eta, delay, deliveries }, now);
    }
    const stays = state === RANKS.waiting || state === RANKS.scheduled ? state : RANKS.queued;
    this.#database.run(sql.STAY, body, stays, placeOf(stays, { eta, priority }), eta, delay, deliveries, seq);
  }

  /** To the back of the queue, or of the schedule; what waits goes on waiting, since its parts are still to come. */
  #line(
    row: Row,
    message: Pick<Row, "name" | "body" | "eta" | "delay" | "priority" | "deliveries">,
    now: number,
  ): void {
    const { name, body, priority, deliveries } = message;
    const waits = row.state === RANKS.waiting;
    const eta = waits || message.delay === null ? message.eta : now + message.delay;
    const state = stateOf(waits, eta, now);
    const delay = waits ? message.delay : null;
    this.#database.run(
      sql.LINE,
      ...[name, body, state, placeOf(state, { eta, priority }), eta, delay, priority, deliveries, row.seq],
    );
  }

  #parts(id: string): string[] {
    return this.#database.all<{ value: string }>(sql.PARTS, this.#queue, id).map(({ value }) => value);
  }

  #read(receipt: string): [seq: number, queue: string, token: string] {
    const { seq, token } = readReceipt(receipt);
    return [seq, this.#queue, token];
  }
}

function stateOf(waits: boolean, eta: number | null, now: number): Rank {
  return waits ? RANKS.waiting : eta !== null && eta > now ? RANKS.scheduled : RANKS.queued;
}

/** What counts in a state: in the queue the higher priority, in the schedule the earlier eta. */
function placeOf(state: Rank, { eta, priority }: Pick<Row, "eta" | "priority">): number | null {
  return state === RANKS.queued ? -priority : state === RANKS.scheduled ? eta : null;
}

/** Whether it is ready at once, and has nothing else to be known of it. */
function isPlain({ eta, delay, priority = 0, parts, unique }: Message): boolean {
  return eta === undefined && delay === undefined && priority === 0 && parts === undefined && !unique;
}

/** What is written of a new message, its queue apart. */
function toRow({ id, name, body, eta, delay, priority = 0, parts, unique }: Message, now: number): SqliteValue[] {
  const waits = parts !== undefined && parts > 0;
  const due = (waits || delay === undefined ? eta : now + delay) ?? null;
  const state = stateOf(waits, due, now);
  const place = placeOf(state, { eta: due, priority });
  const missing = parts ?? null;
  return [
    id,
    name,
    body,
    state,
    place,
    due,
    waits ? delay ?? null : null,
    priority,
    missing,
    missing,
    unique?.key ?? null,
  ];
}

/** To SQLite a negative limit is none. */
function toLimit(limit: number): number {
  return limit === Infinity ? -1 : limit;
}
