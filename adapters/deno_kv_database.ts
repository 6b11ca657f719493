/** A key of Deno KV, as far as the storage uses them. */
export type KvKey = readonly (string | number)[];

/** What is under a key. */
export interface KvEntry {
  /** The key. */
  key: readonly unknown[];
  /** The value; `null` if there is none. */
  value: unknown;
  /** Changes with every write; `null` if there is no value. */
  versionstamp: string | null;
}

/** Which entries to list: those under `prefix` and before `end`, or those from `start` on and before `end`. */
export type KvSelector =
  | {
    /** What their keys begin with. */
    prefix: KvKey;
    /** The first key that is left out. */
    end?: KvKey;
  }
  | {
    /** The first key. */
    start: KvKey;
    /** The first key that is left out. */
    end: KvKey;
  };

/** How to list entries. */
export interface KvListOptions {
  /** At most this many. */
  limit?: number;
  /** From the end. */
  reverse?: boolean;
  /** How many are fetched at once. */
  batchSize?: number;
}

/** Writes that happen together, or not at all. */
export interface KvAtomic {
  /** Nothing happens if the key has another versionstamp. */
  check(...checks: { key: KvKey; versionstamp: string | null }[]): this;
  /** Writes a value, which may be gone after `expireIn` milliseconds. */
  set(key: KvKey, value: unknown, options?: { expireIn?: number }): this;
  /** Removes a key. */
  delete(key: KvKey): this;
  /** Adds to a number of 64 bits, a `KvU64`; beyond the largest one it begins at 0 again. */
  sum(key: KvKey, by: bigint): this;
  /** Makes it happen. */
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}

/** An open Deno KV, as far as the storage uses it: a `Deno.Kv`, or what `openKv` of `npm:@deno/kv` gives. */
export interface Kv {
  /** What is under a key. */
  get(key: KvKey): Promise<KvEntry>;
  /** What is under up to ten keys. */
  getMany(keys: readonly KvKey[]): Promise<KvEntry[]>;
  /** What is under the keys of a range, in the order of the keys. */
  list(selector: KvSelector, options?: KvListOptions): AsyncIterable<KvEntry>;
  /** Begins writes that happen together. */
  atomic(): KvAtomic;
  /** What is under keys, whenever it has changed. */
  watch(keys: readonly KvKey[]): ReadableStream<unknown>;
  /** Closes it. */
  close(): void;
}
