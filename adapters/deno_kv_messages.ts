import type { Enqueued, Join, Message, Settlement, State } from "../src/storage.ts";
import { BODIES, countKey, type Entry, entryKey, type Place, placeKey, placeOf } from "./deno_kv_entry.ts";
import { finishHold, freeHold, resumeHold, takeHold } from "./deno_kv_holds.ts";
import { addParts, dropParts } from "./deno_kv_parts.ts";
import { dropText, writeText } from "./deno_kv_text.ts";
import { Conflict, type Transaction } from "./deno_kv_transaction.ts";

/** How large a body may be to travel with its message, in bytes: it is written again at each step of the way. */
const SMALL = 2_048;

/** A receipt is a token of this length, which belongs to an exchange, and the id of the message. */
const TOKEN = 36;

/** What happens to messages. Everything is done to a transaction, and checks in it what it relies on. */
export class Messages {
  readonly #position: () => number;

  /** `position` gives higher and higher numbers. */
  constructor(position: () => number) {
    this.#position = position;
  }

  /** Adds a message, unless one of its id is not finished or its unique key is held. Replaces a dead letter of its id. */
  async add(tx: Transaction, message: Message, now: number): Promise<Enqueued> {
    const { unique, body, ...rest } = message;
    const { id, parts } = rest;
    const place = await tx.get<Place>(placeKey(id));
    if (place && place[0] !== "d") return { id, added: false };
    const holder = unique && await takeHold(tx, unique, id, now);
    if (holder !== undefined) return { id: holder, added: false };
    if (place) this.#remove(tx, await readEntry(tx, place, id));
    else tx.check(placeKey(id));
    const entry: Entry = {
      state: "waiting",
      message: rest,
      body: writeText(tx, BODIES, body, SMALL),
      position: this.#position(),
      deliveries: 0,
      hold: unique,
      parts: parts === undefined ? undefined : { token: crypto.randomUUID(), joined: 0, filled: {} },
    };
    if (parts) put(tx, entry);
    else this.#line(tx, entry, now);
    return { id, added: true };
  }

  /** The message of this id. */
  async find(tx: Transaction, id: string): Promise<Entry | undefined> {
    const place = await tx.get<Place>(placeKey(id));
    return place && await readEntry(tx, place, id);
  }

  /** The message whose last hand-out has this receipt; `handedOut` is that message, if it is remembered. */
  async held(tx: Transaction, receipt: string, handedOut?: Entry): Promise<Entry | undefined> {
    const remembered = handedOut && await tx.get<Entry>(entryKey(handedOut));
    const entry = remembered ?? await this.find(tx, receipt.slice(TOKEN));
    return entry?.receipt === receipt ? entry : undefined;
  }

  /** Ends the delivery, or the rest, of the message that the settlement names; tells whether it is still there to end. */
  async end(tx: Transaction, settlement: Settlement, now: number, handedOut?: Entry): Promise<boolean> {
    const { receipt, resting, retry, release, bury } = settlement;
    let entry = receipt !== undefined ? await this.held(tx, receipt, handedOut) : await this.find(tx, resting!.id);
    if (!entry || (resting && !resting.states.includes(entry.state))) return false;
    const { state, message: { id }, hold } = entry;
    // A dead letter was finished when it was buried. Brought back, it has its key only if it still had it.
    if (hold && state === "dead" && (retry || release) && !await resumeHold(tx, hold, id, now)) {
      entry = { ...entry, hold: undefined };
    }
    if (hold && state !== "dead" && !retry && !release) finishHold(tx, hold, id, now);
    if (retry) this.#retry(tx, entry, retry, now);
    else if (release) this.#release(tx, entry, release, entry.deliveries - (receipt === undefined ? 0 : 1), now);
    else if (bury !== undefined) {
      leave(tx, entry);
      put(tx, { ...entry, state: "dead", note: bury, position: this.#position(), receipt: undefined });
    } else this.#remove(tx, entry);
    return true;
  }

  /** Gives parts to a message that waits; the last one makes it ready. A delay counts from then on. */
  async join(tx: Transaction, id: string, joins: Join[], now: number): Promise<void> {
    const entry = await this.find(tx, id);
    if (entry?.state !== "waiting") return;
    const missing = entry.message.parts! - entry.parts!.joined;
    const parts = addParts(tx, entry.parts!, joins, missing);
    if (!parts) return;
    leave(tx, entry);
    if (parts.joined < entry.message.parts!) put(tx, { ...entry, parts });
    else this.#line(tx, { ...entry, state: "queued", parts: { ...parts, filled: {} } }, now);
  }

  /** Moves a message that is due, or whose lease has lapsed, to the queue; the latter keeps its position. */
  move(tx: Transaction, entry: Entry): void {
    leave(tx, entry);
    const position = entry.state === "scheduled" ? this.#position() : entry.position;
    put(tx, { ...entry, state: "queued", position, lapses: undefined });
  }

  /** Hands a message out. */
  handOut(tx: Transaction, entry: Entry, token: string, lapses: number): Entry {
    const receipt = `${token}${entry.message.id}`;
    return this.lend(tx, { ...entry, deliveries: entry.deliveries + 1 }, lapses, receipt);
  }

  /** Makes the lease of a message end at an instant, even if it has lapsed and the message is back in the queue. */
  lend(tx: Transaction, entry: Entry, lapses: number, receipt: string | undefined = entry.receipt): Entry {
    leave(tx, entry);
    return put(tx, { ...entry, state: "running", receipt, lapses });
  }

  /** Counts one, unless it is counted already. */
  count(tx: Transaction, entry: Entry): void {
    leave(tx, entry);
    put(tx, entry);
  }

  /** Removes a message; its unique key is free at once. */
  async clear(tx: Transaction, entry: Entry): Promise<void> {
    if (entry.hold) await freeHold(tx, entry.hold, entry.message.id);
    this.#remove(tx, entry);
  }

  #retry(tx: Transaction, entry: Entry, { unique: _, body, ...retry }: Message, now: number): void {
    const { id, parts } = entry.message;
    leave(tx, entry);
    dropText(tx, BODIES, entry.body);
    const retried: Entry = {
      ...entry,
      message: { ...retry, id, parts },
      body: writeText(tx, BODIES, body, SMALL),
      deliveries: 0,
      note: undefined,
      receipt: undefined,
    };
    if (entry.state === "waiting") put(tx, retried); // its parts are still to come
    else this.#line(tx, retried, now);
  }

  #release(
    tx: Transaction,
    entry: Entry,
    { eta, delay, body }: NonNullable<Settlement["release"]>,
    deliveries: number,
    now: number,
  ): void {
    const { state, message } = entry;
    const timed = eta !== undefined || delay !== undefined;
    leave(tx, entry);
    if (body !== undefined) dropText(tx, BODIES, entry.body);
    const released: Entry = {
      ...entry,
      message: timed ? { ...message, eta, delay } : message,
      body: body === undefined ? entry.body : writeText(tx, BODIES, body, SMALL),
      deliveries,
      note: undefined,
      receipt: undefined,
      lapses: undefined,
    };
    // A dead letter has no place to keep.
    if (state !== "waiting" && (timed || state === "dead")) this.#line(tx, released, now);
    else put(tx, { ...released, state: state === "waiting" || state === "scheduled" ? state : "queued" });
  }

  /** To the back of the queue, or of the schedule. */
  #line(tx: Transaction, entry: Entry, now: number): void {
    const { delay, ...message } = entry.message;
    if (delay !== undefined) message.eta = now + delay;
    const state: State = message.eta !== undefined && message.eta > now ? "scheduled" : "queued";
    put(tx, { ...entry, state, message, position: this.#position(), lapses: undefined });
  }

  #remove(tx: Transaction, entry: Entry): void {
    leave(tx, entry);
    tx.delete(placeKey(entry.message.id));
    dropText(tx, BODIES, entry.body);
    if (entry.parts) dropParts(tx, entry.parts);
  }
}

async function readEntry(tx: Transaction, place: Place, id: string): Promise<Entry> {
  const entry = await tx.get<Entry>([...place, id]);
  if (!entry) throw new Conflict(); // it was moved between the two reads
  return entry;
}

/** Takes a message out of its place. This is the check that it is still there, so that all else about it holds. */
function leave(tx: Transaction, entry: Entry): void {
  const key = entryKey(entry);
  tx.check(key);
  tx.delete(key);
  if (entry.counted) tx.add(countKey(entry.state), -1);
}

/** Puts a message into its place; gives it as it is there. */
function put(tx: Transaction, message: Entry): Entry {
  const entry: Entry = { ...message, counted: true };
  tx.set(entryKey(entry), entry);
  tx.set(placeKey(entry.message.id), placeOf(entry));
  if (entry.state === "queued") tx.ready(-Infinity);
  else if (entry.state === "scheduled") tx.ready(entry.message.eta!);
  else if (entry.state === "running") tx.ready(entry.lapses!);
  tx.add(countKey(entry.state), 1);
  return entry;
}
