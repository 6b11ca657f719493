import type { Delivery, Enqueued, Exchange, Join, Message, Settlement, State, Stored } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import { Holds } from "./sqlite_holds.ts";
import { COLUMNS, FIRST_COLUMNS, type FirstRow, type Row, toMessage, toStored } from "./sqlite_rows.ts";

// Higher than every other, across all names: one look at the end of the table.
const BACK = "(SELECT ifnull(max(seq), 0) + 1 FROM huey_messages)";

const BY_ID = `SELECT ${COLUMNS} FROM huey_messages WHERE queue = ? AND id = ?`;
const BY_RECEIPT = `SELECT ${COLUMNS} FROM huey_messages WHERE seq = ? AND queue = ? AND token = ?`;
const FINISH = `DELETE FROM huey_messages WHERE seq = ? AND queue = ? AND token = ? RETURNING id, parts, unique_key`;
const REMOVE = "DELETE FROM huey_messages WHERE seq = ?";
const ADD = `INSERT INTO huey_messages
  (queue, id, name, body, state, eta, delay, priority, parts, missing, unique_key)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const LINE = `UPDATE huey_messages SET seq = ${BACK}, name = ?, body = ?, state = ?, eta = ?, delay = ?, priority = ?,
  deliveries = ?, token = NULL, note = NULL WHERE seq = ?`;
const STAY = `UPDATE huey_messages SET body = ?, state = ?, eta = ?, delay = ?, deliveries = ?, token = NULL
  WHERE seq = ?`;
const BURY = `UPDATE huey_messages SET seq = ${BACK}, state = 'dead', note = ?, token = NULL WHERE seq = ?`;

const ADD_PART = "INSERT OR IGNORE INTO huey_parts (queue, id, place, value) VALUES (?, ?, ?, ?)";
const COUNT_PART = "UPDATE huey_messages SET missing = missing - 1 WHERE seq = ? RETURNING missing";
const PARTS = "SELECT value FROM huey_parts WHERE queue = ? AND id = ? ORDER BY place";
const REMOVE_PARTS = "DELETE FROM huey_parts WHERE queue = ? AND id = ?";

const AHEAD = `SELECT
  EXISTS (SELECT 1 FROM huey_messages WHERE queue = ? AND state = 'queued') AS queued,
  (SELECT eta FROM huey_messages WHERE queue = ? AND state = 'scheduled' ORDER BY eta LIMIT 1) AS eta,
  (SELECT lapses FROM huey_messages WHERE queue = ? AND state = 'running' ORDER BY lapses LIMIT 1) AS lapses`;
const PROMOTE = `UPDATE huey_messages SET state = 'queued', seq = due.back FROM (
    SELECT seq AS was, ${BACK} - 1 + row_number() OVER (ORDER BY eta, seq) AS back FROM (
      SELECT seq, eta FROM huey_messages WHERE queue = ? AND state = 'scheduled' AND eta <= ?
      ORDER BY eta, seq LIMIT ?
    )
  ) AS due WHERE seq = due.was`;
const RECOVER = `UPDATE huey_messages SET state = 'queued' FROM (
    SELECT seq AS lapsed FROM huey_messages WHERE queue = ? AND state = 'running' AND lapses <= ?
    ORDER BY lapses, seq LIMIT ?
  ) WHERE seq = lapsed`;
const FIRST = `SELECT ${FIRST_COLUMNS} FROM huey_messages WHERE queue = ? AND state = 'queued'
  ORDER BY priority DESC, seq LIMIT ?`;
const HAND_OUT = `UPDATE huey_messages SET state = 'running', deliveries = ?, token = ?, lapses = ? WHERE seq = ?`;
const LEND = `UPDATE huey_messages SET state = 'running', lapses = ? WHERE seq = ? AND queue = ? AND token = ?
  RETURNING id, name`;

// The state is written out in each, since a partial index is not considered for a parameter.
const ORDERS: Record<State, string> = {
  queued: "priority DESC, seq",
  scheduled: "eta, seq",
  waiting: "seq",
  running: "lapses, seq",
  dead: "seq DESC",
};
const LISTS = perState((state) =>
  `SELECT ${COLUMNS} FROM huey_messages WHERE queue = ? AND state = '${state}' ORDER BY ${ORDERS[state]} LIMIT ?`
);
const COUNTS = perState((state) =>
  `SELECT count(*) AS count FROM huey_messages WHERE queue = ? AND state = '${state}'`
);
const CLEAR_PARTS = perState((state) =>
  `DELETE FROM huey_parts WHERE queue = ? AND id IN (
    SELECT id FROM huey_messages WHERE queue = ? AND state = '${state}' AND parts IS NOT NULL)`
);
const CLEARS = perState((state) => `DELETE FROM huey_messages WHERE queue = ? AND state = '${state}'`);

/** How many messages one claim promotes, and how many it recovers: an exchange must not take for ever. */
const MOST_MOVED = 1_000;

/** What is ready, and what will be by time alone. */
export interface Ahead {
  /** Whether a message is queued. */
  queued: boolean;
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
    const { id, name, body, priority = 0, parts, unique } = message;
    const there = this.#database.get<Row>(BY_ID, this.#queue, id);
    if (there && there.state !== "dead") return { id, added: false };
    const holder = unique && this.#holds.holder(unique.key, now);
    if (holder !== undefined) return { id: holder, added: false };
    if (there) this.#remove(there);
    const waits = parts !== undefined && parts > 0;
    const eta = waits || message.delay === undefined ? message.eta : now + message.delay;
    this.#database.run(
      ADD,
      this.#queue,
      id,
      name,
      body,
      waits ? "waiting" : eta !== undefined && eta > now ? "scheduled" : "queued",
      eta ?? null,
      waits ? message.delay ?? null : null,
      priority,
      parts ?? null,
      parts ?? null,
      unique?.key ?? null,
    );
    if (unique) this.#holds.take(unique.key, id, unique.until);
    return { id, added: true };
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
    type Firsts = { queued: number; eta: number | null; lapses: number | null };
    const { queued, eta, lapses } = this.#database.get<Firsts>(AHEAD, this.#queue, this.#queue, this.#queue)!;
    return { queued: queued !== 0, next: Math.min(eta ?? Infinity, lapses ?? Infinity) };
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
    return this.#database.all<FirstRow>(FIRST, this.#queue, toLimit(limit)).map((row) => {
      const deliveries = row.deliveries + 1;
      this.#database.run(HAND_OUT, deliveries, token, now + lease, row.seq);
      return {
        message: toMessage(row),
        receipt: `${row.seq}.${token}`,
        deliveries,
        ...row.parts !== null && { parts: this.#parts(row.id) },
      };
    });
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

  /** A receipt names the row, and the hand-out by a token: a row's number may come again, a token does not. */
  #read(receipt: string): [seq: number, queue: string, token: string] {
    const [, seq, token] = /^(\d+)\.(.+)$/.exec(receipt) ?? [, "-1", ""];
    return [Number(seq), this.#queue, token];
  }
}

/** To SQLite a negative limit is none. */
function toLimit(limit: number): number {
  return limit === Infinity ? -1 : limit;
}

function perState(sql: (state: State) => string): Record<State, string> {
  const states: State[] = ["queued", "scheduled", "waiting", "running", "dead"];
  return Object.fromEntries(states.map((state) => [state, sql(state)])) as Record<State, string>;
}
