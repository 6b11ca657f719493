import { Heap, type Placed } from "./heap.ts";
import { type Hold, Holds } from "./memory_holds.ts";
import type { Enqueued, Exchange, Join, Message, Settlement, State, Stored } from "./storage.ts";

/** A message in memory, and where it is. */
export interface Entry extends Placed {
  /** As it was given, without `unique`, and without `delay` as soon as that has become `eta`. */
  message: Message;
  /** Says which heap it is in. */
  state: State;
  /** That of the message, 0 if it has none. */
  priority: number;
  /** Its place among its equals, from the moment it joined the back of the queue or the schedule. */
  position: number;
  /** When it was buried, in the order of all burials. */
  buried: number;
  /** Hand-outs that count. */
  deliveries: number;
  /** Names the last hand-out. It stays when the lease lapses: until the message is handed out again it is its holder's. */
  receipt?: string;
  /** When the lease ends. */
  lapses: number;
  /** Of a dead letter. */
  note?: string;
  /** The parts that have arrived, of one that was added with `parts`. They stay for every later hand-out. */
  joined?: Map<number, string>;
  /** The unique key it holds. */
  hold?: Hold;
}

/** What was handed out and taken in by one claim. */
export interface Claimed {
  /** Handed out, in order. */
  entries: Entry[];
  /** Taken back from lapsed leases. */
  recovered: number;
  /** Moved from the schedule to the queue. */
  promoted: number;
}

/** How many messages one claim promotes, and how many it recovers: the event loop belongs to others too. */
const MOST_MOVED = 1_000;

/** The messages of one name in memory. Each is in the heap of its state, and in no other. */
export class Messages {
  readonly #entries = new Map<string, Entry>();
  readonly #receipts = new Map<string, Entry>();
  readonly #holds = new Holds();
  readonly #heaps: Record<State, Heap<Entry>> = {
    // Compared, not subtracted: the difference of two finite priorities need not be finite.
    queued: new Heap((a, b) => a.priority > b.priority || (a.priority === b.priority && a.position < b.position)),
    scheduled: new Heap((a, b) =>
      a.message.eta! < b.message.eta! || (a.message.eta === b.message.eta && a.position < b.position)
    ),
    waiting: new Heap((a, b) => a.position < b.position),
    running: new Heap((a, b) => a.lapses < b.lapses || (a.lapses === b.lapses && a.position < b.position)),
    dead: new Heap((a, b) => a.buried > b.buried),
  };
  readonly #stir: () => void;
  #sequence = 0;
  #readied = 0;

  /** `stir` is told when a message has become ready, and when one will be sooner than any other. */
  constructor(stir: () => void) {
    this.#stir = stir;
  }

  /** How often a message has become ready, so that one who looked before can tell whether one did since. */
  get readied(): number {
    return this.#readied;
  }

  /** The earliest instant at which time alone makes a message ready. */
  get next(): number {
    return Math.min(
      this.#heaps.scheduled.peek()?.message.eta ?? Infinity,
      this.#heaps.running.peek()?.lapses ?? Infinity,
    );
  }

  /** Adds a message, unless one of its id is not finished or its unique key is held. Replaces a dead letter of its id. */
  add(message: Message, now: number): Enqueued {
    const { unique, ...rest } = message;
    const there = this.#entries.get(message.id);
    if (there && there.state !== "dead") return { id: message.id, added: false };
    const holder = unique && this.#holds.holder(unique.key, now);
    if (holder !== undefined) return { id: holder, added: false };
    if (there) this.#remove(there);
    const entry: Entry = {
      message: rest,
      state: "queued",
      place: -1,
      priority: rest.priority ?? 0,
      position: ++this.#sequence,
      buried: 0,
      deliveries: 0,
      lapses: 0,
      joined: rest.parts === undefined ? undefined : new Map(),
      hold: unique && this.#holds.take(unique.key, message.id, unique.until),
    };
    this.#entries.set(message.id, entry);
    if (rest.parts) this.#join(entry, "waiting");
    else this.#line(entry, now);
    return { id: message.id, added: true };
  }

  /** The message whose last hand-out has this receipt. */
  held(receipt: string): Entry | undefined {
    return this.#receipts.get(receipt);
  }

  /** Ends the delivery, or the rest, of the message that the settlement names; tells whether it is still there to end. */
  end(settlement: Settlement, now: number): boolean {
    const { receipt, resting, retry, release, bury } = settlement;
    const entry = receipt !== undefined ? this.held(receipt) : this.#entries.get(resting!.id);
    if (!entry || (resting && !resting.states.includes(entry.state))) return false;
    this.#forgetReceipt(entry);
    // Out of its heap before anything changes that it is ordered by.
    this.#leave(entry);
    if (retry) this.#retry(entry, retry, now);
    else if (release) {
      if (receipt !== undefined) entry.deliveries--;
      this.#release(entry, release, now);
    } else {
      if (entry.hold) this.#holds.finish(entry.hold, now);
      if (bury === undefined) this.#entries.delete(entry.message.id);
      else {
        entry.note = bury;
        entry.buried = ++this.#sequence;
        this.#join(entry, "dead");
      }
    }
    return true;
  }

  /** Gives a part to a message that waits; the last one makes it ready. A delay counts from then on. */
  join({ id, index, value }: Join, now: number): void {
    const entry = this.#entries.get(id);
    if (entry?.state !== "waiting" || entry.joined!.has(index)) return;
    entry.joined!.set(index, value);
    if (entry.joined!.size < entry.message.parts!) return;
    this.#leave(entry);
    this.#line(entry, now);
  }

  /** Promotes, recovers and hands out. */
  claim({ limit, lease }: NonNullable<Exchange["claim"]>, now: number, receipt: () => string): Claimed {
    const { queued, scheduled, running } = this.#heaps;
    const claimed: Claimed = { entries: [], recovered: 0, promoted: 0 };
    for (let due = scheduled.peek(); due && due.message.eta! <= now; due = scheduled.peek()) {
      if (claimed.promoted === MOST_MOVED) break;
      claimed.promoted++;
      this.#leave(due);
      due.position = ++this.#sequence;
      this.#join(due, "queued");
    }
    // A message that comes back keeps its position: it has waited longer than those behind it.
    for (let lapsed = running.peek(); lapsed && lapsed.lapses <= now; lapsed = running.peek()) {
      if (claimed.recovered === MOST_MOVED) break;
      claimed.recovered++;
      this.#leave(lapsed);
      this.#join(lapsed, "queued");
    }
    for (let entry = queued.peek(); entry && claimed.entries.length < limit; entry = queued.peek()) {
      this.#forgetReceipt(entry);
      entry.receipt = receipt();
      this.#receipts.set(entry.receipt, entry);
      entry.deliveries++;
      this.lend(entry, now + lease);
      claimed.entries.push(entry);
    }
    return claimed;
  }

  /** Makes the lease of a message end at an instant, even if it has lapsed and the message is back in the queue. */
  lend(entry: Entry, until: number): void {
    this.#leave(entry);
    entry.lapses = until;
    this.#join(entry, "running");
  }

  /** The message of this id. */
  find(id: string): Stored | undefined {
    const entry = this.#entries.get(id);
    return entry && toStored(entry);
  }

  /** Up to `limit` messages of a state, in its order, but for the first `offset`. */
  list(state: State, limit: number, offset: number): Stored[] {
    const listed: Stored[] = [];
    if (limit > 0) {
      for (const entry of this.#heaps[state].inOrder()) {
        if (offset-- <= 0 && listed.push(toStored(entry)) >= limit) break;
      }
    }
    return listed;
  }

  /** How many messages are in a state. */
  count(state: State): number {
    return this.#heaps[state].size;
  }

  /** Removes all messages of a state; their keys are free at once. */
  clear(state: State): void {
    const heap = this.#heaps[state];
    for (let entry = heap.peek(); entry; entry = heap.peek()) {
      if (entry.hold) this.#holds.free(entry.hold);
      this.#remove(entry);
    }
  }

  /** Frees the unique keys of what is finished. */
  freeKeys(): void {
    this.#holds.sweep(Infinity, Infinity);
  }

  /** Forgets up to `most` unique keys that are held no more. */
  sweep(now: number, most: number): void {
    this.#holds.sweep(now, most);
  }

  #retry(entry: Entry, { unique: _, ...retry }: Message, now: number): void {
    const { id, parts } = entry.message;
    entry.message = { ...retry, id, parts };
    entry.priority = retry.priority ?? 0;
    entry.note = undefined;
    entry.deliveries = 0;
    if (entry.hold) this.#holds.resume(entry.hold, now);
    if (entry.state === "waiting") this.#join(entry, "waiting"); // its parts are still to come
    else this.#line(entry, now);
  }

  #release(entry: Entry, { eta, delay, body }: NonNullable<Settlement["release"]>, now: number): void {
    const { message, state } = entry;
    const timed = eta !== undefined || delay !== undefined;
    if (body !== undefined) message.body = body;
    if (timed) [message.eta, message.delay] = [eta, delay];
    entry.note = undefined;
    if (entry.hold) this.#holds.resume(entry.hold, now);
    if (state === "waiting") this.#join(entry, "waiting");
    else if (timed || state === "dead") this.#line(entry, now); // a dead letter has no place to keep
    else this.#join(entry, state === "scheduled" ? "scheduled" : "queued");
  }

  /** To the back of the queue, or of the schedule. */
  #line(entry: Entry, now: number): void {
    const { message } = entry;
    if (message.delay !== undefined) message.eta = now + message.delay;
    message.delay = undefined;
    entry.position = ++this.#sequence;
    this.#join(entry, message.eta !== undefined && message.eta > now ? "scheduled" : "queued");
  }

  #join(entry: Entry, state: State): void {
    entry.state = state;
    const heap = this.#heaps[state];
    heap.push(entry);
    if (state === "queued") this.#readied++;
    if (state === "queued" || heap.peek() === entry) this.#stir();
  }

  #leave(entry: Entry): void {
    this.#heaps[entry.state].remove(entry);
  }

  #remove(entry: Entry): void {
    this.#leave(entry);
    this.#forgetReceipt(entry);
    this.#entries.delete(entry.message.id);
  }

  #forgetReceipt(entry: Entry): void {
    if (entry.receipt !== undefined) this.#receipts.delete(entry.receipt);
    entry.receipt = undefined;
  }
}

/** A message as it is shown: a copy, without what it does not have. */
export function toMessage({ id, name, body, eta, delay, priority, parts }: Message): Message {
  return {
    id,
    name,
    body,
    ...eta !== undefined && { eta },
    ...delay !== undefined && { delay },
    ...priority !== undefined && { priority },
    ...parts !== undefined && { parts },
  };
}

function toStored({ message, state, deliveries, note }: Entry): Stored {
  return { message: toMessage(message), state, deliveries, ...note !== undefined && { note } };
}
