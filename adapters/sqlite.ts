/**
 * The storage in an SQLite file, which several processes may share.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 * import { sqlite } from "@hq/huey/sqlite";
 * const huey = new Huey("my-app", { storage: sqlite("huey.db") });
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
import { Answers } from "./sqlite_answers.ts";
import { Connection } from "./sqlite_connection.ts";
import type { SqliteDatabase } from "./sqlite_database.ts";
import { applyExchange, findIdle, findMarks, type Tables } from "./sqlite_exchange.ts";
import { Messages } from "./sqlite_messages.ts";
import { Sweeper } from "./sqlite_sweeper.ts";
import { Values } from "./sqlite_values.ts";
import { Watch } from "./sqlite_watch.ts";

export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./sqlite_database.ts";

/** For {@linkcode sqlite}. */
export interface SqliteOptions {
  /**
   * When a commit counts as done: `"normal"` once the operating system has it, so that it outlives the end of the
   * process, however sudden; `"full"` once it is on the disk, so that it outlives a power failure too, at the price of
   * waiting for the disk at each commit. Of a database that is given open, its own setting holds.
   *
   * @default "normal"
   */
  synchronous?: "normal" | "full";
}

/**
 * A storage in an SQLite database: the file of this path, made if it is missing, or a database that is open already.
 *
 * Any number of names and processes may share it. A path is opened by `node:sqlite`, in WAL mode, when the storage is
 * first used, and closed with the last storage of the factory. A database that is given stays open; put it in WAL mode,
 * else readers and writers wait for each other.
 *
 * @throws {ConfigurationError} on first use, if there is no such database, or one of a newer version of the library.
 */
export function sqlite(database: string | SqliteDatabase, options: SqliteOptions = {}): StorageFactory {
  const connection = new Connection(database, options.synchronous ?? "normal");
  return (name) => new SqliteStorage(connection, name, database === ":memory:");
}

const STATES: readonly string[] = ["queued", "scheduled", "waiting", "running", "dead"] satisfies State[];

/** What those who wait for work wait for, besides the keys. */
const WORK = "work";

class SqliteStorage implements Storage {
  requests = 0;
  readonly isPrivate: boolean;
  readonly isEmbedded = true;
  readonly #database: Connection;
  readonly #queue: string;
  readonly #tables: Tables;
  readonly #sweeper: Sweeper;
  readonly #watch: Watch;
  /** When a message was going to be ready by time alone, as the last claim saw it. */
  #next = Infinity;
  /** The time that was used last: it says whether a key that is waited for has expired. */
  #now = -Infinity;
  #closed = false;

  constructor(database: Connection, queue: string, isPrivate: boolean) {
    this.isPrivate = isPrivate;
    this.#database = database;
    this.#queue = queue;
    this.#tables = {
      messages: new Messages(database, queue),
      values: new Values(database, queue, (space, key) => database.touch(() => this.#topic(space, key))),
      answers: new Answers(database, queue),
    };
    this.#sweeper = new Sweeper(database, queue);
    this.#watch = new Watch(database);
    database.enter();
  }

  async exchange(exchange: Exchange): Promise<Exchanged> {
    this.#begin();
    const { settle = [], enqueue = [], claim } = exchange;
    const idle = settle.length + enqueue.length > 0 || !claim
      ? undefined
      : await this.#database.look(() => findIdle(this.#tables, claim, this.#at(exchange.now)));
    const exchanged = idle ?? await this.#database.write(() => this.#exchange(exchange));
    // With no hands free nothing was taken, so what became ready before is still news.
    if (claim && claim.limit > 0) this.#next = exchanged.next ?? Infinity;
    return exchanged;
  }

  async renew(receipts: string[], lease: number, now?: number): Promise<Renewed> {
    this.#begin();
    return await this.#database.write(() => {
      const time = this.#at(now);
      const lent = receipts.map((receipt) => ({ receipt, message: this.#tables.messages.lend(receipt, time + lease) }));
      const marksOf = findMarks(this.#tables.values, time);
      return {
        lost: lent.filter(({ message }) => !message).map(({ receipt }) => receipt),
        revoked: lent.flatMap(({ receipt, message }) => {
          const marks = message ? marksOf(message) : [];
          return marks.length > 0 ? [{ receipt, marks }] : [];
        }),
      };
    });
  }

  async find(id: string): Promise<Stored | undefined> {
    this.#begin();
    return await this.#database.look(() => this.#tables.messages.find(id));
  }

  async list(
    state: State,
    { limit = Infinity, offset = 0 }: { limit?: number; offset?: number } = {},
  ): Promise<Stored[]> {
    this.#begin();
    return await this.#database.look(() => this.#tables.messages.list(state, limit, offset));
  }

  async counts(now?: number): Promise<Counts> {
    this.#begin();
    return await this.#database.read(() => ({
      queued: this.#tables.messages.count("queued"),
      scheduled: this.#tables.messages.count("scheduled"),
      waiting: this.#tables.messages.count("waiting"),
      running: this.#tables.messages.count("running"),
      dead: this.#tables.messages.count("dead"),
      results: this.#tables.values.countResults(this.#at(now)),
    }));
  }

  async flush(what: Flushed[]): Promise<void> {
    this.#begin();
    await this.#database.write(() => {
      for (const part of what) {
        if (part === "unique") this.#tables.messages.freeKeys();
        else if (isState(part)) this.#tables.messages.clear(part);
        else this.#tables.values.clear(part);
      }
    });
  }

  async put(
    space: Space,
    key: string,
    value: string,
    { ttl, ifAbsent, ifValue, now }: PutOptions = {},
  ): Promise<boolean> {
    this.#begin();
    return await this.#database.write(() => {
      const time = this.#at(now);
      this.#sweeper.sweep(time, 1);
      const there = ifAbsent || ifValue !== undefined ? this.#tables.values.get(space, key, time) : undefined;
      if ((ifAbsent && there !== undefined) || (ifValue !== undefined && there !== ifValue)) return false;
      this.#tables.values.set(space, key, value, ttl === undefined ? undefined : time + ttl);
      return true;
    });
  }

  async peek(space: Space, keys: string[], now?: number): Promise<(string | undefined)[]> {
    this.#begin();
    const peek = (): (string | undefined)[] => {
      const time = this.#at(now);
      return keys.map((key) => this.#tables.values.get(space, key, time));
    };
    return await (keys.length === 1 ? this.#database.look(peek) : this.#database.read(peek));
  }

  async entries(space: Space, now?: number): Promise<[key: string, value: string][]> {
    this.#begin();
    return await this.#database.look(() => this.#tables.values.entries(space, this.#at(now)));
  }

  async pop(space: Space, key: string, now?: number): Promise<string | undefined> {
    this.#begin();
    return await this.#database.write(() => {
      const value = this.#tables.values.get(space, key, this.#at(now));
      this.#tables.values.delete(space, key);
      return value;
    });
  }

  async delete(space: Space, key: string, { ifValue, now }: { ifValue?: string; now?: number } = {}): Promise<boolean> {
    this.#begin();
    return await this.#database.write(() => {
      const value = this.#tables.values.get(space, key, this.#at(now));
      if (value === undefined || (ifValue !== undefined && value !== ifValue)) return false;
      this.#tables.values.delete(space, key);
      return true;
    });
  }

  async increment(
    space: Space,
    key: string,
    by: number,
    { ttl, now }: { ttl?: number; now?: number } = {},
  ): Promise<number> {
    this.#begin();
    return await this.#database.write(() => {
      const time = this.#at(now);
      this.#sweeper.sweep(time, 1);
      return this.#tables.values.increment(space, key, by, time, ttl);
    });
  }

  async waitForWork(signal: AbortSignal): Promise<void> {
    await this.#sleep(this.#topic(WORK), signal, () => {
      const { queued, next } = this.#tables.messages.ahead();
      // Also when it will be sooner than the last claim was told: who sleeps until then would be late.
      return queued || next < this.#next;
    });
  }

  async waitForKey(space: Space, key: string, signal: AbortSignal): Promise<void> {
    await this.#sleep(
      this.#topic(space, key),
      signal,
      () => this.#tables.values.get(space, key, this.#now) !== undefined,
    );
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#watch.close();
      this.#database.leave();
    }
    return Promise.resolve();
  }

  #begin(): void {
    if (this.#closed) throw new HueyError("Cannot use a storage that is closed");
    this.requests++;
  }

  #at(now: number = Date.now()): number {
    return this.#now = now;
  }

  async #sleep(topic: string, signal: AbortSignal, ready: () => boolean): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#database.open();
    } catch {
      return; // the operation that follows tells what is wrong
    }
    await this.#watch.sleep(topic, ready, signal);
  }

  #exchange(exchange: Exchange): Exchanged {
    const { now, settle = [], enqueue = [] } = exchange;
    const time = this.#at(now);
    this.#sweeper.sweep(time, settle.reduce((sum, { writes = [] }) => sum + 1 + writes.length, enqueue.length));
    this.#database.touch(() => this.#topic(WORK));
    return applyExchange(this.#tables, exchange, time);
  }

  #topic(...words: string[]): string {
    return [this.#queue, ...words].join(" ");
  }
}

function isState(part: Flushed): part is State {
  return STATES.includes(part);
}
