import { HueyError } from "./errors.ts";
import { type Entry, Messages, toMessage } from "./memory_messages.ts";
import { Values } from "./memory_values.ts";
import { Sleepers } from "./sleepers.ts";
import {
  type Counts,
  type Delivery,
  type Enqueued,
  type Exchange,
  type Exchanged,
  type Flushed,
  type Mark,
  type PutOptions,
  type Renewed,
  REQUEST_MEMORY,
  type Settlement,
  type Space,
  type State,
  type Storage,
  type StorageFactory,
  type Stored,
} from "./storage.ts";

/**
 * A storage in the memory of this process: nothing is kept when it ends, and no other process sees it.
 *
 * One factory gives storages of the same name the same content.
 *
 * @example
 * ```ts
 * import { Huey, memory } from "@hq/huey";
 * const huey = new Huey("my-app", { storage: memory() });
 * ```
 */
export function memory(): StorageFactory {
  const stores = new Map<string, Store>();
  let receipts = 0;
  return (name) => {
    let store = stores.get(name);
    if (!store) stores.set(name, store = new Store(() => `${++receipts}`));
    return new MemoryStorage(store);
  };
}

const STATES: readonly string[] = ["queued", "scheduled", "waiting", "running", "dead"] satisfies State[];

/** How much of what has expired one operation forgets. More than one writes, so that expired things cannot pile up. */
const MOST_SWEPT = 100;

/** What the storages of one name share. */
class Store {
  readonly storages = new Set<MemoryStorage>();
  readonly messages = new Messages(() => {
    for (const storage of this.storages) storage.stir();
  });
  readonly values = new Values((space, key) => {
    for (const storage of this.storages) storage.sleepers.wake(keyTopic(space, key));
  });
  /** Answers to requests that may be sent again, oldest first. */
  readonly answers = new Map<string, { settled: boolean[]; enqueued: Enqueued[]; until: number }>();
  /** Makes a receipt that no storage of the factory has given before. */
  readonly newReceipt: () => string;

  constructor(newReceipt: () => string) {
    this.newReceipt = newReceipt;
  }
}

class MemoryStorage implements Storage {
  requests = 0;
  readonly isPrivate = true;
  readonly sleepers = new Sleepers();
  readonly #store: Store;
  /** What the last claim saw: how often a message had become ready, and when time alone would make one ready. */
  #seen = { readied: 0, next: Infinity };
  #closed = false;

  constructor(store: Store) {
    this.#store = store;
    store.storages.add(this);
  }

  exchange(exchange: Exchange): Promise<Exchanged> {
    return this.#run((store) => this.#exchange(store, exchange));
  }

  renew(receipts: string[], lease: number, now: number = Date.now()): Promise<Renewed> {
    return this.#run(({ messages }) => {
      const renewed: Renewed = { lost: [], revoked: [] };
      for (const receipt of receipts) {
        const entry = messages.held(receipt);
        if (!entry) {
          renewed.lost.push(receipt);
          continue;
        }
        messages.lend(entry, now + lease);
        const marks = this.#marks(entry, now);
        if (marks.length > 0) renewed.revoked.push({ receipt, marks });
      }
      return renewed;
    });
  }

  find(id: string): Promise<Stored | undefined> {
    return this.#run(({ messages }) => messages.find(id));
  }

  list(state: State, { limit = Infinity, offset = 0 }: { limit?: number; offset?: number } = {}): Promise<Stored[]> {
    return this.#run(({ messages }) => messages.list(state, limit, offset));
  }

  counts(now: number = Date.now()): Promise<Counts> {
    return this.#run(({ messages, values }) => ({
      queued: messages.count("queued"),
      scheduled: messages.count("scheduled"),
      waiting: messages.count("waiting"),
      running: messages.count("running"),
      dead: messages.count("dead"),
      results: values.count("results", now),
    }));
  }

  flush(what: Flushed[]): Promise<void> {
    return this.#run(({ messages, values }) => {
      for (const part of what) {
        if (part === "unique") messages.freeKeys();
        else if (isState(part)) messages.clear(part);
        else values.clear(part);
      }
    });
  }

  put(
    space: Space,
    key: string,
    value: string,
    { ttl, ifAbsent, ifValue, now = Date.now() }: PutOptions = {},
  ): Promise<boolean> {
    return this.#run(({ values }) => {
      values.sweep(now, MOST_SWEPT);
      const there = values.get(space, key, now);
      if ((ifAbsent && there !== undefined) || (ifValue !== undefined && there !== ifValue)) return false;
      values.set(space, key, value, ttl === undefined ? undefined : now + ttl);
      return true;
    });
  }

  peek(space: Space, keys: string[], now: number = Date.now()): Promise<(string | undefined)[]> {
    return this.#run(({ values }) => keys.map((key) => values.get(space, key, now)));
  }

  entries(space: Space, now: number = Date.now()): Promise<[key: string, value: string][]> {
    return this.#run(({ values }) => values.entries(space, now));
  }

  pop(space: Space, key: string, now: number = Date.now()): Promise<string | undefined> {
    return this.#run(({ values }) => {
      const value = values.get(space, key, now);
      values.delete(space, key);
      return value;
    });
  }

  delete(
    space: Space,
    key: string,
    { ifValue, now = Date.now() }: { ifValue?: string; now?: number } = {},
  ): Promise<boolean> {
    return this.#run(({ values }) => {
      const value = values.get(space, key, now);
      if (value === undefined || (ifValue !== undefined && value !== ifValue)) return false;
      values.delete(space, key);
      return true;
    });
  }

  increment(
    space: Space,
    key: string,
    by: number,
    { ttl, now = Date.now() }: { ttl?: number; now?: number } = {},
  ): Promise<number> {
    return this.#run(({ values }) => {
      values.sweep(now, MOST_SWEPT);
      return values.increment(space, key, by, now, ttl);
    });
  }

  waitForWork(signal: AbortSignal): Promise<void> {
    if (this.#closed || this.#stirred()) return Promise.resolve();
    return this.sleepers.sleep("work", signal);
  }

  waitForKey(space: Space, key: string, signal: AbortSignal): Promise<void> {
    if (this.#closed || this.#store.values.has(space, key)) return Promise.resolve();
    return this.sleepers.sleep(keyTopic(space, key), signal);
  }

  /** Wakes those who wait for work, if there may be some. */
  stir(): void {
    if (this.#stirred()) this.sleepers.wake("work");
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#store.storages.delete(this);
    this.sleepers.wakeAll();
    return Promise.resolve();
  }

  /** Runs an operation at once and in one go, which is what makes it atomic. What it throws becomes a rejection. */
  #run<T>(operation: (store: Store) => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed) throw new HueyError("Cannot use a storage that is closed");
      this.requests++;
      resolve(operation(this.#store));
    });
  }

  /** Also when `next` is sooner than the last claim was told: who sleeps until then would be late. */
  #stirred(): boolean {
    const { readied, next } = this.#store.messages;
    return readied !== this.#seen.readied || next < this.#seen.next;
  }

  #exchange(store: Store, exchange: Exchange): Exchanged {
    const { request, now = Date.now(), settle = [], enqueue = [], claim } = exchange;
    const { messages, values, answers } = store;
    values.sweep(now, MOST_SWEPT);
    messages.sweep(now, MOST_SWEPT);
    for (const [name, { until }] of answers) {
      if (now < until) break;
      answers.delete(name);
    }

    let answer = request === undefined ? undefined : answers.get(request);
    if (!answer) {
      answer = {
        settled: settle.map((settlement) => this.#settle(settlement, now)),
        enqueued: enqueue.map((message) => messages.add(message, now)),
        until: now + REQUEST_MEMORY,
      };
      if (request !== undefined && settle.length + enqueue.length > 0) answers.set(request, answer);
    }
    const claimed = claim && messages.claim(claim, now, store.newReceipt);
    // With no hands free nothing was taken, so what became ready before is still news.
    if (claim && claim.limit > 0) this.#seen = { readied: messages.readied, next: messages.next };
    return {
      now,
      settled: [...answer.settled],
      enqueued: answer.enqueued.map((enqueued) => ({ ...enqueued })),
      deliveries: claimed?.entries.map((entry) => this.#deliver(entry, now)) ?? [],
      recovered: claimed?.recovered ?? 0,
      promoted: claimed?.promoted ?? 0,
      ...claim && messages.next < Infinity && { next: messages.next },
    };
  }

  #settle(settlement: Settlement, now: number): boolean {
    const { messages, values } = this.#store;
    // First the end, so that what follows may have the id and the unique key of what has ended.
    if (!messages.end(settlement, now)) return false;
    for (const { space, key, value, ttl } of settlement.writes ?? []) {
      if (value === undefined) values.delete(space, key);
      else values.set(space, key, value, ttl === undefined ? undefined : now + ttl);
    }
    // Then the messages, so that a part may go to one that is only added here.
    for (const message of settlement.enqueue ?? []) messages.add(message, now);
    for (const join of settlement.joins ?? []) messages.join(join, now);
    return true;
  }

  #deliver(entry: Entry, now: number): Delivery {
    const marks = this.#marks(entry, now);
    return {
      message: toMessage(entry.message),
      receipt: entry.receipt!,
      deliveries: entry.deliveries,
      ...marks.length > 0 && { revoked: marks },
      ...entry.joined && { parts: [...entry.joined].sort(([a], [b]) => a - b).map(([, part]) => part) },
    };
  }

  #marks({ message: { id, name } }: Entry, now: number): Mark[] {
    return [`id:${id}`, `name:${name}`].flatMap((key) => {
      const value = this.#store.values.get("revoked", key, now);
      return value === undefined ? [] : [{ key, value }];
    });
  }
}

function isState(part: Flushed): part is State {
  return STATES.includes(part);
}

function keyTopic(space: Space, key: string): string {
  return `${space} ${key}`;
}
