import assert from "node:assert";
import type { Delivery, Enqueued, Exchange, Exchanged, Message, Settlement, State, Storage } from "../storage.ts";

/** One question to a storage. */
export interface Case {
  /** What a storage does, as a sentence without its subject. */
  name: string;
  /** Asks it. */
  run: (bench: Bench) => Promise<void>;
}

/** For how long a bench leases, in milliseconds. */
export const LEASE = 10_000;

/** The longest that a case waits for something that must come, in milliseconds of real time. */
const PATIENCE = 20_000;

/** A storage under test, with its own time. */
export class Bench {
  /** The storage. Its name is used by nobody else. */
  readonly storage: Storage;
  /** Epoch milliseconds, moved by the case. */
  now = 1_800_000_000_000;
  readonly #open: (name: string) => Promise<Storage>;
  readonly #name: string;

  /** `open` opens a storage that is closed when the case is over. */
  constructor(storage: Storage, name: string, open: (name: string) => Promise<Storage>) {
    this.storage = storage;
    this.#name = name;
    this.#open = open;
  }

  /** Another storage of the same name. */
  again(): Promise<Storage> {
    return this.#open(this.#name);
  }

  /** A storage of another name. */
  elsewhere(): Promise<Storage> {
    return this.#open(`${this.#name}.b`);
  }

  /** An exchange at the bench's time. */
  exchange(exchange: Exchange): Promise<Exchanged> {
    return this.storage.exchange({ now: this.now, ...exchange });
  }

  /** Adds messages. */
  async enqueue(...messages: Message[]): Promise<Enqueued[]> {
    return (await this.exchange({ enqueue: messages })).enqueued;
  }

  /** Takes messages. */
  async claim(limit = 10, lease: number = LEASE): Promise<Delivery[]> {
    return (await this.exchange({ claim: { limit, lease } })).deliveries;
  }

  /** Takes the one message that must be there. */
  async claimOne(): Promise<Delivery> {
    const deliveries = await this.claim();
    same(deliveries.length, 1, "the number of messages that are handed out");
    return deliveries[0];
  }

  /** Adds a message and takes it. */
  async start(added: Message): Promise<Delivery> {
    await this.enqueue(added);
    return await this.claimOne();
  }

  /** Settles. */
  async settle(...settlements: Settlement[]): Promise<boolean[]> {
    return (await this.exchange({ settle: settlements })).settled;
  }

  /** Settles, which must be accepted. */
  async accept(...settlements: Settlement[]): Promise<void> {
    same(await this.settle(...settlements), settlements.map(() => true), "whether the settlements are accepted");
  }

  /** Settles, which must be refused. */
  async refuse(...settlements: Settlement[]): Promise<void> {
    same(await this.settle(...settlements), settlements.map(() => false), "whether the settlements are accepted");
  }

  /** The state of a message. */
  async stateOf(id: string): Promise<State | undefined> {
    return (await this.storage.find(id, this.now))?.state;
  }

  /** The ids of the messages in a state. */
  async listed(state: State): Promise<string[]> {
    return (await this.storage.list(state, { now: this.now })).map((stored) => stored.message.id);
  }

  /** What is under a key of the space `results`. */
  async result(key: string): Promise<string | undefined> {
    return (await this.storage.peek("results", [key], this.now))[0];
  }
}

/** A message, with what matters to the case. */
export function message(id: string, fields: Partial<Message> = {}): Message {
  return { id, name: "task", body: `the body of ${id}`, ...fields };
}

/** The ids of what was handed out, in order. */
export function ids(deliveries: Delivery[]): string[] {
  return deliveries.map((delivery) => delivery.message.id);
}

/** A message with its priority written out: a storage may leave out one that is 0. */
export function plain(shown: Message): Message {
  return { ...shown, priority: shown.priority ?? 0 };
}

/** Fails, saying what was expected, unless the two are the same. */
export function same(actual: unknown, expected: unknown, what: string): void {
  assert.deepStrictEqual(actual, expected, `${what}: expected ${show(expected)}, but it is ${show(actual)}`);
}

/** Fails unless it holds. */
export function holds(condition: boolean, what: string): void {
  assert.ok(condition, what);
}

/** What the promise gives; fails if it takes too long, saying what was waited for. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `Expected within 20 s: ${what}` })), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function show(value: unknown): string {
  const shown = JSON.stringify(value, (_, part) => part === undefined ? "(undefined)" : part) ?? "undefined";
  return shown.length > 500 ? `${shown.slice(0, 500)}…` : shown;
}
