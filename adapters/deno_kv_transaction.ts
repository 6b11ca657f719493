import type { Connection } from "./deno_kv_connection.ts";
import type { KvKey } from "./deno_kv_database.ts";
import { compareKeys, isUnder, keySize, LARGEST_KEY } from "./deno_kv_keys.ts";

/** What one commit may have, the keys and their values in bytes. */
const LIMITS = { mutations: 1_000, keys: 80 * 1024, bytes: 800 * 1024 };

/** What is kept free in each commit: for the bell, and for the answer to the request. */
const RESERVE = { checks: 1, mutations: 2, keys: 5 * 1024, bytes: 40 * 1024 };

/** The largest settlement or message, in bytes as they are written. */
export const LARGEST: number = LIMITS.bytes - RESERVE.bytes - 24 * 1024;

/** Is written by every commit: whoever sees it changed looks again. */
export const BELL: KvKey = ["bell"];
const BELL_NAME = JSON.stringify(BELL);

interface Known {
  value: unknown;
  versionstamp: string | null;
}

interface Write {
  key: KvKey;
  value: unknown;
  bytes?: Uint8Array;
  expireIn?: number;
}

/** Thrown where what was read does not fit together, because somebody wrote meanwhile. */
export class Conflict extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Reads, and writes that are kept back and committed together, under the keys of one name. It reads what it is going to
 * write, and its commit fails if anything that was checked is not as it was read.
 *
 * Values are kept as JSON in bytes: their size is known exactly, and all runtimes read them.
 */
export class Transaction {
  /** The versionstamp of what was written, once it is committed. */
  versionstamp = "";
  /** Whether something is left to be removed by other commits. */
  leaves = false;
  readonly #connection: Connection;
  readonly #root: readonly [string, string];
  readonly #rootSize: number;
  /** How many checks its commit may have. */
  readonly checks: number;
  readonly #known = new Map<string, Known>();
  readonly #checked = new Map<string, KvKey>();
  /** What the check of the bell tells, too. */
  readonly #told = new Set<string>();
  readonly #writes = new Map<string, Write>();
  readonly #sums = new Map<string, { key: KvKey; by: number }>();
  readonly #touched = new Set<string>();
  #due = Infinity;
  #size = { checks: 0, mutations: 0, keys: 0, bytes: 0 };
  #undo: (() => void)[] = [];

  /** Of the storage of this name, with so many checks at most. */
  constructor(connection: Connection, queue: string, checks: number) {
    this.#connection = connection;
    this.#root = ["huey", queue];
    this.#rootSize = keySize(this.#root);
    this.checks = checks;
  }

  /** The value of a key. It must not be changed. */
  async get<T>(key: KvKey): Promise<T | undefined> {
    const name = JSON.stringify(key);
    const write = this.#writes.get(name);
    if (write) return write.value as T | undefined;
    if (!this.#known.has(name)) await this.read([key]);
    return this.#known.get(name)!.value as T | undefined;
  }

  /** Reads keys together that are going to be asked for. */
  async read(keys: KvKey[]): Promise<void> {
    const unknown = keys.filter((key) => {
      // What cannot be written is not there.
      if (this.#rootSize + keySize(key) > LARGEST_KEY) this.expect(key, undefined, null);
      return !this.#known.has(JSON.stringify(key));
    });
    const entries = await this.#connection.get(unknown.map((key) => this.#full(key)));
    entries.forEach(({ value, versionstamp }, i) => this.expect(unknown[i], decode(value), versionstamp));
  }

  /** Bytes that were written as they are; `undefined` if there are none. */
  async bytes(keys: KvKey[]): Promise<(Uint8Array | undefined)[]> {
    const entries = await this.#connection.get(keys.map((key) => this.#full(key)));
    return entries.map(({ value }) => value === null ? undefined : value as Uint8Array);
  }

  /** The numbers under keys, as {@linkcode Transaction.add} has made them; 0 where there is none. */
  async numbers(keys: KvKey[]): Promise<number[]> {
    const entries = await this.#connection.get(keys.map((key) => this.#full(key)));
    return entries.map(({ value }) =>
      value === null ? 0 : Number(BigInt.asIntN(64, (value as { value: bigint }).value))
    );
  }

  /** Takes it for known what is under a key. If that is wrong, and it is checked, the commit fails. */
  expect(key: KvKey, value: unknown, versionstamp: string | null): void {
    const name = JSON.stringify(key);
    if (!this.#known.has(name)) this.#known.set(name, { value, versionstamp });
  }

  /** Takes it for known that there is nothing under a key, by what {@linkcode Transaction.rely} relies on. */
  expectNone(key: KvKey): void {
    const name = JSON.stringify(key);
    this.#known.set(name, { value: undefined, versionstamp: null });
    this.#told.add(name);
  }

  /** The versionstamp of the bell: as long as it stays nobody writes. */
  async rung(): Promise<string | null> {
    return (await this.#connection.get([this.#full(BELL)]))[0].versionstamp;
  }

  /** The commit fails if anybody has written since the bell had this versionstamp. */
  rely(rung: string | null): void {
    this.#known.set(BELL_NAME, { value: 1, versionstamp: rung });
    this.#checked.set(BELL_NAME, BELL);
  }

  /** Whether there is any key from one to another. */
  async someFrom(first: KvKey, last: KvKey): Promise<boolean> {
    const selector = { start: this.#full(first), end: this.#full([...last, ""]) };
    return (await this.#connection.list(selector, { limit: 1 })).length > 0;
  }

  /** Whether there is any key under a prefix, but for those that are written here. */
  async some(prefix: KvKey): Promise<boolean> {
    return (await this.#connection.list({ prefix: this.#full(prefix) }, { limit: 1 })).length > 0;
  }

  /** The values under a prefix, in the order of their keys, with what is written here. */
  async list<T>(
    prefix: KvKey,
    { limit = Infinity, end, ...order }: { limit?: number; end?: KvKey; reverse?: boolean; offset?: number } = {},
  ): Promise<{ key: KvKey; value: T }[]> {
    const written = [...this.#writes.values()].filter(({ key }) => isUnder(key, prefix, end));
    const removed = written.filter(({ value }) => value === undefined).length;
    const selector = { prefix: this.#full(prefix), ...end && { end: this.#full(end) } };
    const entries = await this.#connection.list(selector, { limit: limit + removed, ...order });
    const listed: { key: KvKey; value: T }[] = [];
    for (const { key: full, value, versionstamp } of entries) {
      const key = full.slice(this.#root.length) as KvKey;
      if (written.length > 0 && this.#writes.has(JSON.stringify(key))) continue;
      this.expect(key, decode(value), versionstamp);
      listed.push({ key, value: this.#known.get(JSON.stringify(key))!.value as T });
    }
    const added = written.filter(({ value }) => value !== undefined) as { key: KvKey; value: T }[];
    if (added.length > 0) listed.push(...added.map(({ key, value }) => ({ key, value })));
    if (added.length > 0) listed.sort((a, b) => compareKeys(a.key, b.key) * (order.reverse ? -1 : 1));
    return listed.slice(0, limit);
  }

  /** The commit fails unless the key is then as it was read. What was written here and never read needs no check. */
  check(key: KvKey): void {
    const name = JSON.stringify(key);
    if (!this.#known.has(name) || this.#checked.has(name) || this.#told.has(name)) return;
    this.#checked.set(name, key);
    this.#undo.push(() => this.#checked.delete(name));
    this.#count(key, 0, { checks: 1 });
  }

  /** Writes a value: bytes as they are, all else as JSON. */
  set(key: KvKey, value: unknown, expireIn?: number): void {
    const bytes = value instanceof Uint8Array ? value : encoder.encode(JSON.stringify(value));
    this.#write({ key, value, bytes, expireIn });
  }

  /** Removes a key. */
  delete(key: KvKey): void {
    this.#write({ key, value: undefined });
  }

  /** Adds to a number. That needs no check, since it does not matter in which order it is done. */
  add(key: KvKey, by: number): void {
    const name = JSON.stringify(key);
    const before = this.#sums.get(name);
    this.#sums.set(name, { key, by: by + (before?.by ?? 0) });
    this.#undo.push(() => before ? this.#sums.set(name, before) : this.#sums.delete(name));
    if (!before) this.#count(key, 8, { mutations: 1 });
  }

  /** Somebody may wait for this key. */
  touch(topic: string): void {
    this.#touched.add(topic);
  }

  /** A message becomes ready at this instant; `-Infinity`: at once. */
  ready(due: number): void {
    this.#due = Math.min(this.#due, due);
  }

  /** Does a step, and gives what it has given; undoes it and gives `undefined` if it does not fit into the commit. */
  async fit<T>(step: () => Promise<T>): Promise<{ value: T } | undefined> {
    const before = this.#size;
    this.#undo = [];
    const value = await step();
    if (this.#fits()) return { value };
    this.#undo.reverse().forEach((undo) => undo());
    this.#size = before;
  }

  /** Whether something is going to be written. */
  get dirty(): boolean {
    return this.#writes.size > 0 || this.#sums.size > 0;
  }

  /** Commits, if something was written; tells whether it was possible. */
  async commit(): Promise<boolean> {
    if (!this.dirty) return true;
    this.set(BELL, 1);
    const versionstamp = await this.#connection.commit({
      checks: Array.from(this.#checked, ([name, key]) => ({
        key: this.#full(key),
        versionstamp: this.#known.get(name)!.versionstamp,
      })),
      writes: Array.from(this.#writes.values(), ({ key, bytes, expireIn }) => ({
        key: this.#full(key),
        value: bytes,
        expireIn,
      })),
      sums: [...this.#sums.values()].filter(({ by }) => by !== 0).map(({ key, by }) => ({ key: this.#full(key), by })),
    });
    if (versionstamp === undefined) return false;
    this.versionstamp = versionstamp;
    const change = { queue: this.#root[1], keys: this.#touched, due: this.#due };
    for (const listener of this.#connection.listeners) listener(change);
    return true;
  }

  #write(write: Write): void {
    const name = JSON.stringify(write.key);
    const before = this.#writes.get(name);
    this.#writes.set(name, write);
    this.#undo.push(() => before ? this.#writes.set(name, before) : this.#writes.delete(name));
    if (before) this.#count([], (write.bytes?.length ?? 0) - (before.bytes?.length ?? 0), {});
    else this.#count(write.key, write.bytes?.length ?? 0, { mutations: 1 });
  }

  #count(key: KvKey, bytes: number, { checks = 0, mutations = 0 }: { checks?: number; mutations?: number }): void {
    const size = key.length > 0 ? this.#rootSize + keySize(key) : 0;
    this.#size = {
      checks: this.#size.checks + checks,
      mutations: this.#size.mutations + mutations,
      keys: this.#size.keys + size,
      bytes: this.#size.bytes + size + bytes,
    };
  }

  #fits(): boolean {
    return this.#size.checks <= this.checks - RESERVE.checks &&
      this.#size.mutations <= LIMITS.mutations - RESERVE.mutations &&
      this.#size.keys <= LIMITS.keys - RESERVE.keys &&
      this.#size.bytes <= LIMITS.bytes - RESERVE.bytes;
  }

  #full(key: KvKey): KvKey {
    return [...this.#root, ...key];
  }
}

function decode(value: unknown): unknown {
  return value === null ? undefined : JSON.parse(decoder.decode(value as Uint8Array));
}
