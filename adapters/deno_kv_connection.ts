import { ConfigurationError } from "../src/errors.ts";
import { systemClock } from "../src/time.ts";
import type { Kv, KvEntry, KvKey, KvListOptions, KvSelector } from "./deno_kv_database.ts";

/** How many keys one read takes. */
const MOST_READ = 10;

/** How many checks a commit may have: in Deno, and in what was made before (denokv, `@deno/kv`). */
const MOST_CHECKS = { now: 100, before: 10 };

/** For how long a locked file is tried again, in milliseconds. */
const PATIENCE = 30_000;

/** What a commit asks for. */
export interface Commit {
  /** What must still be as it was. */
  checks: { key: KvKey; versionstamp: string | null }[];
  /** What is written; without a value the key is removed. */
  writes: { key: KvKey; value?: Uint8Array; expireIn?: number }[];
  /** What is added to numbers. Who adds is in nobody's way. */
  sums: { key: KvKey; by: number }[];
}

/** What a commit has changed, for those of this process who wait. */
export interface Change {
  /** The name of the storage. */
  queue: string;
  /** The spaces and keys that were written. */
  keys: ReadonlySet<string>;
  /** The earliest instant at which it has made a message ready: `-Infinity` for now, `Infinity` for never. */
  due: number;
}

/** A database that is opened when it is first used, and closed, if it was opened here, with the last storage. */
export class Connection {
  /** Are told of the commits that are made here. */
  readonly listeners: Set<(change: Change) => void> = new Set();
  readonly #source: string | Kv | undefined;
  #kv?: Promise<{ kv: Kv; checks: number }>;
  #users = 0;
  #position = 0;

  /** Opens nothing yet. */
  constructor(source: string | Kv | undefined) {
    this.#source = source;
  }

  /**
   * Whether `watch` is of use. Of a local file it tells nothing that is not known here already, and that of `@deno/kv`
   * ends the process when it is cancelled.
   */
  get tells(): boolean {
    const source = this.#source;
    return source === undefined || (typeof source === "string" ? /^https?:/.test(source) : isDenoKv(source));
  }

  /** How many checks a commit may have. */
  async checks(): Promise<number> {
    return (await this.#open()).checks;
  }

  /** One more storage uses it. */
  enter(): void {
    this.#users++;
  }

  /** One storage less uses it. */
  async leave(): Promise<void> {
    if (--this.#users > 0 || typeof this.#source === "object") return;
    const opened = this.#kv;
    this.#kv = undefined;
    await opened?.then(({ kv }) => kv.close(), () => {});
  }

  /** A number higher than every one before: microseconds, but for those that are asked for within one. */
  position(): number {
    return this.#position = Math.max(this.#position + 1, Date.now() * 1_000);
  }

  /** Reads any number of keys. */
  async get(keys: KvKey[]): Promise<KvEntry[]> {
    if (keys.length === 1) return [await this.#patiently((kv) => kv.get(keys[0]))];
    const reads: Promise<KvEntry[]>[] = [];
    for (let i = 0; i < keys.length; i += MOST_READ) {
      reads.push(this.#patiently((kv) => kv.getMany(keys.slice(i, i + MOST_READ))));
    }
    return (await Promise.all(reads)).flat();
  }

  /** Lists entries, but for the first `offset`, which are read all the same. Beyond 500 it is not of one instant. */
  list(
    selector: KvSelector,
    { limit = Infinity, offset = 0, reverse = false }: KvListOptions & { offset?: number },
  ): Promise<KvEntry[]> {
    const options = limit === Infinity ? { reverse, batchSize: 500 } : { reverse, limit: offset + limit };
    return this.#patiently(async (kv) => {
      const entries: KvEntry[] = [];
      let passed = 0;
      for await (const entry of kv.list(selector, options)) if (passed++ >= offset) entries.push(entry);
      return entries;
    });
  }

  /** Commits; gives the new versionstamp, or `undefined` if something is not as it was. */
  async commit({ checks, writes, sums }: Commit): Promise<string | undefined> {
    const result = await this.#patiently((kv) => {
      const atomic = kv.atomic().check(...checks);
      for (const { key, value, expireIn } of writes) {
        if (value === undefined) atomic.delete(key);
        else atomic.set(key, value, expireIn === undefined ? undefined : { expireIn });
      }
      // Less than nothing is added by going round: the sums are of 64 bits.
      for (const { key, by } of sums) atomic.sum(key, BigInt.asUintN(64, BigInt(by)));
      return atomic.commit();
    });
    return result.ok ? result.versionstamp : undefined;
  }

  /** Watches a key. */
  async watch(key: KvKey): Promise<ReadableStreamDefaultReader<unknown>> {
    return (await this.#open()).kv.watch([key]).getReader();
  }

  #open(): Promise<{ kv: Kv; checks: number }> {
    this.#kv ??= openKv(this.#source).then(async (kv) => ({ kv, checks: await countChecks(kv) })).catch((error) => {
      this.#kv = undefined; // so that the next use tries again
      throw error;
    });
    return this.#kv;
  }

  async #patiently<T>(operation: (kv: Kv) => Promise<T>): Promise<T> {
    const { kv } = await this.#open();
    return await patiently(() => operation(kv));
  }
}

function isDenoKv(kv: Kv): boolean {
  const { Deno } = globalThis as { Deno?: { Kv?: unknown } };
  return typeof Deno?.Kv === "function" && kv instanceof Deno.Kv;
}

async function openKv(source: string | Kv | undefined): Promise<Kv> {
  if (typeof source === "object") return source;
  const { Deno } = globalThis as { Deno?: { openKv?: (path?: string) => Promise<Kv> } };
  if (!Deno?.openKv) {
    throw new ConfigurationError(
      'Cannot find Deno.openKv: add "unstable": ["kv"] to deno.json, or, elsewhere than in Deno, ' +
        "pass what openKv of npm:@deno/kv gives",
    );
  }
  return await patiently(() => Deno.openKv!(source));
}

/** A database tells how many checks it allows only by failing. These keys are never written. */
async function countChecks(kv: Kv): Promise<number> {
  const checks = Array.from({ length: MOST_CHECKS.now }, (_, i) => ({ key: ["huey", i], versionstamp: null }));
  try {
    await patiently(() => kv.atomic().check(...checks).commit());
    return MOST_CHECKS.now;
  } catch {
    return MOST_CHECKS.before;
  }
}

async function patiently<T>(operation: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE;
  for (let attempt = 0;; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (!isLocked(error) || performance.now() > until) throw error;
      await pause(attempt);
    }
  }
}

/**
 * Whether another process was writing to the file: then nothing was done, and it can be done again. Deno throws a plain
 * `TypeError` and `@deno/kv` a plain `Error` for this; the text is all there is to tell it from others by.
 */
function isLocked(error: unknown): boolean {
  return error instanceof Error && error.message.includes("database is locked");
}

/** Waits a random time, longer with each attempt, so that those who are in each other's way get out of it. */
export function pause(attempt: number): Promise<void> {
  return systemClock.sleep(Math.random() * Math.min(2 * 2 ** attempt, 200));
}
