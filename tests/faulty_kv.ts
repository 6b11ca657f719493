import type { Kv, KvAtomic, KvEntry, KvKey, KvListOptions, KvSelector } from "@hq/huey/deno-kv";

/** What may happen to a commit. `lost`: it is made, and its answer is lost. */
export type Fault = "locked" | "conflict" | "failed" | "lost";

/** For {@linkcode FaultyKv}. */
export interface Faults {
  /** What happens to the next commit, if anything. */
  next?: () => Fault | undefined;
  /** How many checks a commit may have. */
  checks?: number;
}

/** A database whose commits fail. */
export class FaultyKv implements Kv {
  /** How many commits were made, and not refused. */
  commits = 0;
  readonly #kv: Kv;
  readonly #faults: Faults;

  /** Over one that works. */
  constructor(kv: Kv, faults: Faults) {
    this.#kv = kv;
    this.#faults = faults;
  }

  get(key: KvKey): Promise<KvEntry> {
    return this.#kv.get(key);
  }

  getMany(keys: readonly KvKey[]): Promise<KvEntry[]> {
    return this.#kv.getMany(keys);
  }

  list(selector: KvSelector, options?: KvListOptions): AsyncIterable<KvEntry> {
    return this.#kv.list(selector, options);
  }

  atomic(): KvAtomic {
    const atomic = this.#kv.atomic();
    const [check, commit] = [atomic.check.bind(atomic), atomic.commit.bind(atomic)];
    const { next, checks: most = Infinity } = this.#faults;
    let count = 0;
    atomic.check = (...checks) => {
      count += checks.length;
      return check(...checks);
    };
    atomic.commit = async () => {
      if (count > most) throw new TypeError(`Too many checks (max ${most})`);
      const fault = next?.();
      if (fault === "locked") throw new TypeError("database is locked");
      if (fault === "failed") throw new TypeError("The server cannot be reached");
      if (fault === "conflict") return { ok: false };
      const result = await commit();
      if (result.ok) this.commits++;
      if (fault === "lost") throw new TypeError("The server cannot be reached");
      return result;
    };
    return atomic;
  }

  watch(keys: readonly KvKey[]): ReadableStream<unknown> {
    return this.#kv.watch(keys);
  }

  close(): void {
    this.#kv.close();
  }
}
