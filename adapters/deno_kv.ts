/**
 * The storage in Deno KV: on Deno Deploy, or in a local file. It uses keys and versionstamps alone, never KV's queues.
 *
 * @example
 * ```ts no-eval
 * import { Huey } from "@hq/huey";
 * import { denoKv } from "@hq/huey/deno-kv";
 * const huey = new Huey("my-app", { storage: denoKv() });
 * ```
 *
 * @module
 */
import { HueyError } from "../src/errors.ts";
import type {
  Counts,
  Exchange,
  Exchanged,
  Flushed,
  PutOptions,
  Renewed,
  Space,
  State,
  Storage,
  StorageFactory,
  Stored,
} from "../src/storage.ts";
import { type Duration, toMilliseconds } from "../src/time.ts";
import { readNext } from "./deno_kv_claim.ts";
import { Connection } from "./deno_kv_connection.ts";
import { readCounts } from "./deno_kv_counts.ts";
import type { Kv } from "./deno_kv_database.ts";
import { type Entry, PREFIXES, toStored } from "./deno_kv_entry.ts";
import { exchange, readMarks } from "./deno_kv_exchange.ts";
import { assertStorable, assertValue } from "./deno_kv_limits.ts";
import { freeFinished, listFinished } from "./deno_kv_holds.ts";
import { Queue, type Step } from "./deno_kv_queue.ts";
import type { Transaction } from "./deno_kv_transaction.ts";
import {
  countValues,
  deleteValue,
  getValue,
  getValues,
  incrementValue,
  listEntries,
  listValues,
  setValue,
  valueKey,
} from "./deno_kv_values.ts";
import { Watch } from "./deno_kv_watch.ts";

export type { Kv, KvAtomic, KvEntry, KvKey, KvListOptions, KvSelector } from "./deno_kv_database.ts";

/** For {@linkcode denoKv}. */
export interface DenoKvOptions {
  /**
   * How often to look, while waiting, for what other processes have written; of a file sooner at first. On Deno Deploy KV
   * tells by itself, and a look costs a read; of a local file it tells only what the own process writes.
   *
   * @default "250ms" where a path or a Kv of `npm:@deno/kv` is given, else "5s"
   */
  poll?: Duration;
}

/**
 * A storage in Deno KV: the default database, the one of this path or address, or one that is open already.
 *
 * Any number of names and processes may share it; of a local file only one process at a time can write, and the others
 * try again. Messages of one priority are handed out in the order in which one process has added them; between processes
 * their clocks decide. What belongs together is one commit: a message, or a settlement with its result and what follows,
 * may have 736 KiB, and an id or a key a little under 2 KiB. `counts` takes one read, but for the results, which it reads.
 *
 * A database that is opened here is opened when the storage is first used, and closed with the last storage of the
 * factory. One that is given stays open.
 *
 * @throws {ConfigurationError} on first use, if there is no `Deno.openKv`.
 */
export function denoKv(database?: string | Kv, options: DenoKvOptions = {}): StorageFactory {
  const connection = new Connection(database);
  const interval = toMilliseconds("poll", options.poll ?? (connection.tells ? "5s" : "250ms"));
  return (name) => new DenoKvStorage(connection, name, interval);
}

const STATES: readonly string[] = Object.keys(PREFIXES);

class DenoKvStorage implements Storage {
  requests = 0;
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #watch: Watch;
  /** When a message was going to be ready by time alone, as the last claim saw it. */
  #next = Infinity;
  /** The time that was used last: it says whether a key that is waited for has expired. */
  #now = -Infinity;
  #closed = false;

  constructor(connection: Connection, name: string, interval: number) {
    this.#connection = connection;
    this.#queue = new Queue(connection, name);
    this.#watch = new Watch(connection, name, interval);
    connection.enter();
  }

  async exchange(asked: Exchange): Promise<Exchanged> {
    this.#begin();
    assertStorable(this.#queue.name, asked, await this.#connection.checks());
    const exchanged = await exchange(this.#queue, asked, this.#at(asked.now));
    // With no hands free nothing was taken, so what became ready before is still news.
    if (asked.claim && asked.claim.limit > 0) this.#next = exchanged.next ?? Infinity;
    return exchanged;
  }

  async renew(receipts: string[], lease: number, now?: number): Promise<Renewed> {
    this.#begin();
    const time = this.#at(now);
    const { messages } = this.#queue;
    const lend = (receipt: string): Step<Entry | undefined> => async (tx) => {
      const entry = await messages.held(tx, receipt);
      return entry && messages.lend(tx, entry, time + lease);
    };
    const lent = await this.#queue.doAll(receipts.map(lend), (entries, versionstamp) => {
      for (const entry of entries) if (entry) this.#queue.remember(entry, versionstamp);
    });
    const held = lent.filter((entry) => entry !== undefined);
    const marks = await readMarks(await this.#queue.begin(), held.map(({ message }) => message), time);
    return {
      lost: receipts.filter((_, i) => !lent[i]),
      revoked: held.flatMap(({ receipt }, i) => marks[i].length > 0 ? [{ receipt: receipt!, marks: marks[i] }] : []),
    };
  }

  find(id: string): Promise<Stored | undefined> {
    return this.#do(async (tx) => {
      const entry = await this.#queue.messages.find(tx, id);
      return entry && await toStored(tx, entry);
    });
  }

  list(state: State, { limit, offset }: { limit?: number; offset?: number } = {}): Promise<Stored[]> {
    return this.#do(async (tx) => {
      if (limit === 0) return [];
      const entries = await tx.list<Entry>(PREFIXES[state], { limit, offset, reverse: state === "dead" });
      return await Promise.all(entries.map(({ value }) => toStored(tx, value)));
    });
  }

  async counts(now?: number, { results = true }: { results?: boolean } = {}): Promise<Counts> {
    this.#begin();
    const time = this.#at(now);
    const counts = await readCounts(this.#queue);
    return { ...counts, results: results ? await countValues(await this.#queue.begin(), "results", time) : 0 };
  }

  async flush(what: Flushed[]): Promise<void> {
    this.#begin();
    for (const part of what) await this.#queue.doAll(await this.#removals(part));
    await this.#queue.sweep("now");
  }

  put(space: Space, key: string, value: string, options: PutOptions = {}): Promise<boolean> {
    const { ttl, ifAbsent, ifValue, now } = options;
    return this.#do(async (tx) => {
      assertValue(this.#queue.name, space, key, value);
      const time = this.#at(now);
      if (ifAbsent || ifValue !== undefined) {
        const there = await getValue(tx, space, key, time);
        if ((ifAbsent && there !== undefined) || (ifValue !== undefined && there !== ifValue)) return false;
        tx.check(valueKey(space, key));
      }
      await setValue(tx, space, key, value, ttl === undefined ? undefined : time + ttl, time);
      return true;
    });
  }

  peek(space: Space, keys: string[], now?: number): Promise<(string | undefined)[]> {
    return this.#do((tx) => getValues(tx, space, keys, this.#at(now)));
  }

  entries(space: Space, now?: number): Promise<[key: string, value: string][]> {
    return this.#do((tx) => listEntries(tx, space, this.#at(now)));
  }

  pop(space: Space, key: string, now?: number): Promise<string | undefined> {
    return this.#take(space, key, undefined, now);
  }

  async delete(space: Space, key: string, { ifValue, now }: { ifValue?: string; now?: number } = {}): Promise<boolean> {
    return await this.#take(space, key, ifValue, now) !== undefined;
  }

  increment(
    space: Space,
    key: string,
    by: number,
    { ttl, now }: { ttl?: number; now?: number } = {},
  ): Promise<number> {
    return this.#do((tx) => {
      assertValue(this.#queue.name, space, key, "");
      return incrementValue(tx, space, key, by, ttl, this.#at(now));
    });
  }

  waitForWork(signal: AbortSignal): Promise<void> {
    return this.#sleep({
      // Also when it will be sooner than the last claim was told: who sleeps until then would be late.
      concerns: ({ due }) => due < this.#next,
      ready: async () => {
        const tx = await this.#queue.begin();
        return (await tx.some(PREFIXES.queued)) || await readNext(tx) < this.#next;
      },
    }, signal);
  }

  waitForKey(space: Space, key: string, signal: AbortSignal): Promise<void> {
    return this.#sleep({
      concerns: ({ keys }) => keys.has(`${space} ${key}`),
      ready: async () => await getValue(await this.#queue.begin(), space, key, this.#now) !== undefined,
    }, signal);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    await this.#connection.leave();
  }

  #begin(): void {
    if (this.#closed) throw new HueyError("Cannot use a storage that is closed");
    this.requests++;
  }

  #at(now: number = Date.now()): number {
    return this.#now = now;
  }

  async #do<T>(step: Step<T>): Promise<T> {
    this.#begin();
    return await this.#queue.do(step);
  }

  /** Removes a key, if it has this value, where one is given; gives the value it had. */
  #take(space: Space, key: string, ifValue: string | undefined, now?: number): Promise<string | undefined> {
    return this.#do(async (tx) => {
      const value = await getValue(tx, space, key, this.#at(now));
      if (value === undefined || (ifValue !== undefined && value !== ifValue)) return undefined;
      tx.check(valueKey(space, key));
      await deleteValue(tx, space, key);
      return value;
    });
  }

  async #removals(part: Flushed): Promise<Step<void>[]> {
    const tx = await this.#queue.begin();
    if (part === "unique") return (await listFinished(tx)).map((key) => (tx) => freeFinished(tx, key));
    if (!isState(part)) return (await listValues(tx, part)).map((key) => (tx) => deleteValue(tx, part, key));
    const entries = await tx.list<Entry>(PREFIXES[part]);
    return entries.map(({ value: { message } }) => (tx) => this.#clear(tx, part, message.id));
  }

  async #clear(tx: Transaction, state: State, id: string): Promise<void> {
    const entry = await this.#queue.messages.find(tx, id);
    if (entry?.state === state) await this.#queue.messages.clear(tx, entry);
  }

  async #sleep(sleeper: Parameters<Watch["sleep"]>[0], signal: AbortSignal): Promise<void> {
    if (!this.#closed) await this.#watch.sleep(sleeper, signal);
  }
}

function isState(part: Flushed): part is State {
  return STATES.includes(part);
}
