import {
  type Exchange,
  type Exchanged,
  type Join,
  type Message,
  REQUEST_MEMORY,
  type Settlement,
} from "../../src/storage.ts";

/** A promise that was not kept. */
export class Broken extends Error {
  override name = "Broken";
  /** Which one. */
  readonly promise: string;

  constructor(promise: string, what: string) {
    super(`${promise}: ${what}`);
    this.promise = promise;
  }
}

/** What is known of a message. */
interface Known {
  name: string;
  /** Whether it is to be done still. */
  isOpen: boolean;
  /** How often it was added, after having ended. */
  added: number;
  /** The last hand-out. */
  receipt?: string;
  /** Of the periodic task, in epoch milliseconds. */
  slot?: number;
  /** Its place among all that were added. */
  order: number;
  priority: number;
  /** Ready at once, and never handed out. */
  isFresh: boolean;
  parts: Map<number, string>;
}

/** A function that was begun. */
export interface Start {
  id: string;
  name: string;
  at: number;
  /** When it was over, if it was. */
  until?: number;
}

/**
 * What happened, seen from beside the storage: what it was asked and has answered. Whatever breaks a promise is kept, and
 * ends the history.
 */
export class Record {
  /** The first promise that was broken. */
  broken?: Broken;
  /** Told what happens, for somebody who wants to read it. */
  trace?: (host: string, what: string) => void;
  /** Whether nothing fails, so that order can be asked for. */
  readonly isCalm: boolean;
  /** By id, the outcome that was written last. */
  readonly outcomes = new Map<string, string>();
  /** By id, the note it was buried with. */
  readonly buried = new Map<string, string>();
  readonly starts: Start[] = [];
  /** By id, how often its end was announced. */
  readonly announced = new Map<string, number>();
  /** The message of each slot of the periodic task, by its nominal time. */
  readonly slots = new Map<number, string>();
  /** How many messages are to be done still, those of slots apart. */
  open = 0;
  /** Slots that are to be run still. */
  readonly openSlots = new Set<number>();
  readonly #known = new Map<string, Known>();
  readonly #idOf = new Map<string, string>();
  readonly #settled = new Set<string>();
  readonly #holders = new Map<string, string>();
  readonly #answers = new Map<string, { text: string; until: number }>();
  readonly #written = new Map<string, number>();
  /** How often a message may be added: once each time its producer tried. */
  readonly #allowed = new Map<string, number>();
  /** The latest time that the storage was given. */
  #latest = -Infinity;
  #order = 0;

  constructor(isCalm: boolean) {
    this.isCalm = isCalm;
  }

  /** Says that a promise was broken. */
  break(promise: string, what: string): void {
    this.broken ??= new Broken(promise, what);
  }

  /** A producer tries to enqueue these, all at once. */
  attempted(ids: readonly string[]): void {
    for (const id of ids) this.#allowed.set(id, (this.#allowed.get(id) ?? 0) + 1);
  }

  /** How often the producer of a message has tried. */
  attempts(id: string): number {
    return this.#allowed.get(id) ?? 1;
  }

  /** Messages that are to be done still. */
  unfinished(): string[] {
    return [...this.#known].filter(([, { isOpen }]) => isOpen).map(([id, { name }]) => `${name} ${id}`);
  }

  /** Whether all is done that is due by now. */
  isDone(now: number): boolean {
    return this.open === 0 && ![...this.openSlots].some((slot) => slot <= now);
  }

  /** The storage has answered a request. */
  exchanged(host: string, { request, settle = [], enqueue = [] }: Exchange, answer: Exchanged): void {
    if (this.trace && settle.length + enqueue.length + answer.deliveries.length > 0) {
      this.trace(host, describe(settle, enqueue, answer, this.#idOf));
    }
    if (this.#isNew(request, answer)) {
      settle.forEach((settlement, i) => answer.settled[i] && this.#settle(settlement));
      enqueue.forEach((message, i) => answer.enqueued[i].added && this.#add(message));
    }
    for (const { message, receipt, parts } of answer.deliveries) this.#deliver(message, receipt, parts);
  }

  /** An outcome was written. */
  wrote(id: string, value: string): void {
    if (this.outcomes.get(id) === value) return;
    const times = (this.#written.get(id) ?? 0) + 1;
    this.#written.set(id, times);
    this.outcomes.set(id, value);
    if (times > this.attempts(id)) this.break("one outcome", `a second one of ${id} was written`);
  }

  /** The end of a task was announced by a signal. */
  announce(id: string): void {
    const times = (this.announced.get(id) ?? 0) + 1;
    this.announced.set(id, times);
    if (times > (this.#known.get(id)?.added ?? 0)) this.break("one end", `that of ${id} was announced ${times} times`);
  }

  /** A request that was here before has the answer that it had, and nothing has happened. */
  #isNew(request: string | undefined, { settled, enqueued, now }: Exchanged): boolean {
    if (request === undefined) return true;
    this.#latest = Math.max(this.#latest, now);
    const text = JSON.stringify([settled, enqueued]);
    const before = this.#answers.get(request);
    if (before?.text === text) return false;
    this.#answers.set(request, { text, until: now + REQUEST_MEMORY });
    if (before && this.#latest < before.until) {
      this.break("same answer", `a request was answered ${before.text}, and when it was sent again ${text}`);
    }
    return true;
  }

  #add({ id, name, unique, priority = 0, eta, delay, parts }: Message): void {
    const before = this.#known.get(id);
    if (before?.isOpen) this.break("one message", `${name} ${id} was added while it was not finished`);
    const added = (before?.added ?? 0) + 1;
    if (added > this.attempts(id)) this.break("nothing doubled", `${name} ${id} was added again after its end`);
    if (name === "tick") this.#fill(eta!, id);
    else if (unique) this.#hold(unique.key, id);
    if (!before?.isOpen && name !== "tick") this.open++;
    this.#known.set(id, {
      name,
      isOpen: true,
      added,
      slot: name === "tick" ? eta : undefined,
      order: this.#order++,
      priority,
      isFresh: eta === undefined && delay === undefined && !parts,
      parts: new Map(),
    });
  }

  #fill(slot: number, id: string): void {
    const there = this.slots.get(slot);
    if (there !== undefined) this.break("each slot once", `${id} was added for a slot that has ${there}`);
    this.slots.set(slot, id);
    this.openSlots.add(slot);
  }

  #hold(key: string, id: string): void {
    const holder = this.#holders.get(key);
    if (holder !== undefined && this.#known.get(holder)?.isOpen) {
      this.break("unique", `${id} was added while ${holder} has its key`);
    }
    this.#holders.set(key, id);
  }

  #deliver({ id, name }: Message, receipt: string, parts: string[] | undefined): void {
    const known = this.#known.get(id);
    if (!known?.isOpen) return this.break("nothing doubled", `${name} ${id} was handed out after its end`);
    if (this.#idOf.has(receipt)) this.break("fencing", `two hand-outs have the receipt ${receipt}`);
    if (this.isCalm && known.isFresh) this.#checkOrder(id, known);
    known.isFresh = false;
    known.receipt = receipt;
    this.#idOf.set(receipt, id);
    if (parts) {
      const expected = [...known.parts].sort(([a], [b]) => a - b).map(([, value]) => value);
      if (parts.join("\n") !== expected.join("\n")) {
        this.break("parts", `${name} ${id} was given other parts than came`);
      }
    }
  }

  /** Higher priority first, first in first out within one. */
  #checkOrder(id: string, { priority, order }: Known): void {
    for (const [other, known] of this.#known) {
      if (other === id || !known.isOpen || !known.isFresh) continue;
      if (known.priority > priority || (known.priority === priority && known.order < order)) {
        this.break("order", `${id} was handed out before ${other}, which was in front of it`);
      }
    }
  }

  #settle(settlement: Settlement): void {
    const { receipt, resting, retry, release, bury, writes = [], enqueue = [], joins = [] } = settlement;
    const id = receipt !== undefined ? this.#idOf.get(receipt) : resting!.id;
    const known = id === undefined ? undefined : this.#known.get(id);
    if (id === undefined || !known) return this.break("fencing", "a settlement was accepted of what nobody was given");
    if (receipt !== undefined) {
      if (known.receipt !== receipt) this.break("fencing", `${id} was settled by one who had lost it`);
      if (this.#settled.has(receipt)) this.break("fencing", `${id} was settled twice with one receipt`);
      this.#settled.add(receipt);
    }
    known.receipt = undefined;
    known.isFresh = false;
    if (!retry && !release) {
      if (!known.isOpen) this.break("one end", `${known.name} ${id} has ended a second time`);
      else if (known.slot === undefined) this.open--;
      else this.openSlots.delete(known.slot);
      known.isOpen = false;
      if (bury !== undefined) this.buried.set(id, bury);
    }
    for (const { space, key, value } of writes) {
      if (space === "results" && value !== undefined) this.wrote(key, value);
    }
    for (const message of enqueue) if (!this.#known.get(message.id)?.isOpen) this.#add(message);
    for (const join of joins) this.#join(join);
  }

  #join({ id, index, value }: Join): void {
    const parts = this.#known.get(id)?.parts;
    if (parts && !parts.has(index)) parts.set(index, value);
  }
}

function describe(
  settle: Settlement[],
  enqueue: Message[],
  { settled, enqueued, deliveries }: Exchanged,
  idOf: Map<string, string>,
): string {
  const kind = ({ retry, release, bury }: Settlement) =>
    retry ? "retry" : release ? "release" : bury === undefined ? "end" : "bury";
  const ends = settle.map((settlement, i) => {
    const id = settlement.resting?.id ?? idOf.get(settlement.receipt!);
    return `${kind(settlement)} ${id}${settled[i] ? "" : " (refused)"}`;
  });
  const added = enqueue.map(({ name, id }, i) => `add ${name} ${id}${enqueued[i].added ? "" : " (was there)"}`);
  const given = deliveries.map(({ message, deliveries }) => `hand out ${message.id} (${deliveries})`);
  return [...ends, ...added, ...given].join(", ");
}
