import { HueyError } from "../src/errors.ts";
import type {
  Counts,
  Exchange,
  Exchanged,
  Flushed,
  PutOptions,
  Renewed,
  Settlement,
  Space,
  State,
  Storage,
  Stored,
} from "../src/storage.ts";
import { Keys, SPACES } from "./redis_keys.ts";
import { decodeExchange, decodeRenewed, decodeStored, toValue } from "./redis_reply.ts";
import { encodeExchange, LETTERS } from "./redis_request.ts";
import type { Runner } from "./redis_runner.ts";
import { MOST_AT_ONCE, type Operation } from "./redis_scripts.ts";
import type { Waiting, Wakes } from "./redis_wakes.ts";

/** How often, in milliseconds, what has expired is looked for in all spaces, not only in those that are written to. */
const SWEEP_INTERVAL = 60_000;
/** After how many values were written what has expired is looked for where they were. The first one counts as so many. */
const SWEEP_AFTER = 100;

/** For {@linkcode RedisStorage}. */
export interface RedisStorageOptions {
  /** The name whose messages and values it keeps. */
  name: string;
  /** How scripts are run. */
  runner: Runner;
  /** How it is woken; absent: it cannot be, and is polled. */
  wakes?: Wakes;
}

/** A storage in Redis: one script for each operation. */
export class RedisStorage implements Storage {
  readonly isOrdered: boolean;
  requests = 0;
  /** How many commands were executed so far, those in scripts included. */
  commands = 0;
  readonly waitForWork?: (signal: AbortSignal) => Promise<void>;
  readonly waitForKey?: (space: Space, key: string, signal: AbortSignal) => Promise<void>;
  readonly #runner: Runner;
  readonly #keys: Keys;
  readonly #waiting?: Waiting;
  /** Begins the receipts of this storage: no other one's begin so. Made when it is needed, as Workers allow no ids at load. */
  #token?: string;
  #claims = 0;
  readonly #peeks = new Map<string, { keys: string[]; values: Promise<unknown[]> }>();
  #sweptAt: number = performance.now();
  #unswept = SWEEP_AFTER;
  #isClosed = false;

  /** A storage that has sent nothing yet. */
  constructor({ name, runner, wakes }: RedisStorageOptions) {
    this.#runner = runner;
    this.isOrdered = runner.isOrdered;
    this.#keys = new Keys(name);
    const waiting = wakes?.open(this.#keys.prefix);
    if (!waiting) return;
    this.#waiting = waiting;
    this.waitForWork = (signal) => waiting.forWork(signal);
    this.waitForKey = (space, key, signal) => waiting.forKey(space, key, this.#keys.space(space)[0], signal);
  }

  async exchange(exchange: Exchange): Promise<Exchanged> {
    const claims = exchange.claim !== undefined && exchange.claim.limit > 0;
    const token = `${this.#token ??= crypto.randomUUID().replaceAll("-", "").slice(0, 12)}${
      (this.#claims++).toString(36)
    }`;
    const { keys, args } = encodeExchange(exchange, {
      keys: this.#keys,
      token,
      wakes: this.#waiting !== undefined,
      sweep: this.#sweep(exchange.settle),
    });
    const looked = claims ? this.#waiting?.look() : undefined;
    try {
      const exchanged = decodeExchange(await this.#run("exchange", keys, args), exchange, token);
      // With no hands free nothing was taken, so what became ready before is still news.
      looked?.saw(exchanged.deliveries.length < exchange.claim!.limit ? exchanged.next ?? Infinity : undefined);
      return exchanged;
    } catch (error) {
      looked?.saw();
      throw error;
    }
  }

  async renew(receipts: string[], lease: number, now?: number): Promise<Renewed> {
    return decodeRenewed(await this.#messages("renew", now, `${lease}`, ...receipts), receipts);
  }

  async find(id: string, now?: number): Promise<Stored | undefined> {
    return decodeStored(await this.#messages("find", now, id))[0];
  }

  /** Shows more than a thousand messages page by page: then what moves meanwhile may be missing. */
  async list(
    state: State,
    { limit = Infinity, offset = 0, now }: { limit?: number; offset?: number; now?: number } = {},
  ): Promise<Stored[]> {
    const listed = new Map<string, Stored>();
    for (let from = offset, asked = 0, got = 0; got === asked && from < offset + limit; from += asked) {
      asked = Math.min(offset + limit - from, MOST_AT_ONCE);
      const page = decodeStored(await this.#messages("list", now, LETTERS[state], `${from}`, `${asked}`));
      got = page.length;
      for (const stored of page) listed.set(stored.message.id, stored);
    }
    return [...listed.values()];
  }

  async counts(now?: number): Promise<Counts> {
    const keys = [...this.#keys.messages, ...this.#keys.space("results")];
    const [queued, scheduled, waiting, running, dead, results] = (await this.#run("counts", keys, [at(now)])).map(
      Number,
    );
    return { queued, scheduled, waiting, running, dead, results };
  }

  /** Removes messages a thousand at a time, so that the server is not kept from others for long. */
  async flush(what: Flushed[]): Promise<void> {
    const letters = what.map((part) => isSpace(part) ? "" : part === "unique" ? "u" : LETTERS[part]).join("");
    const keys = [...this.#keys.messages, ...what.filter(isSpace).flatMap((space) => this.#keys.space(space))];
    while (Number((await this.#run("flush", keys, ["0", letters]))[0]) === 1);
  }

  async put(
    space: Space,
    key: string,
    value: string,
    { ttl, ifAbsent, ifValue, now }: PutOptions = {},
  ): Promise<boolean> {
    const conditions = [ifAbsent ? "absent" : "", ifValue === undefined ? "" : `~${ifValue}`];
    const args = [...conditions, `${ttl ?? ""}`, key, `~${value}`];
    return Number((await this.#values("put", space, now, ...args, ...this.#news(space)))[0]) === 1;
  }

  /** What is asked for within one turn of the event loop goes in one request: who awaits many results looks for all. */
  async peek(space: Space, keys: string[], now?: number): Promise<(string | undefined)[]> {
    const group = `${space} ${at(now)}`;
    let peek = this.#peeks.get(group);
    if (!peek || peek.keys.length + keys.length > MOST_AT_ONCE) {
      const all: string[] = [];
      const own = peek = {
        keys: all,
        values: Promise.resolve().then(() => {
          if (this.#peeks.get(group) === own) this.#peeks.delete(group);
          return this.#values("peek", space, now, ...all);
        }),
      };
      this.#peeks.set(group, peek);
    }
    const from = peek.keys.push(...keys) - keys.length;
    return (await peek.values).slice(from, from + keys.length).map(toLiving);
  }

  async entries(space: Space, now?: number): Promise<[key: string, value: string][]> {
    const texts = (await this.#values("entries", space, now)).map((text) => toValue(String(text)));
    return Array.from({ length: texts.length / 2 }, (_, i) => [texts[2 * i], texts[2 * i + 1]]);
  }

  async pop(space: Space, key: string, now?: number): Promise<string | undefined> {
    return toLiving((await this.#values("take", space, now, "", key))[0]);
  }

  async delete(space: Space, key: string, { ifValue, now }: { ifValue?: string; now?: number } = {}): Promise<boolean> {
    const condition = ifValue === undefined ? "" : `~${ifValue}`;
    return (await this.#values("take", space, now, condition, key)).length > 0;
  }

  async increment(
    space: Space,
    key: string,
    by: number,
    { ttl, now }: { ttl?: number; now?: number } = {},
  ): Promise<number> {
    const args = [`${by}`, `${ttl ?? ""}`, key, ...this.#news(space)];
    return Number(toLiving((await this.#values("increment", space, now, ...args))[0]));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#waiting?.close();
  }

  #messages(operation: Operation, now: number | undefined, ...args: string[]): Promise<unknown[]> {
    return this.#run(operation, this.#keys.messages, [at(now), ...args]);
  }

  #values(operation: Operation, space: Space, now: number | undefined, ...args: string[]): Promise<unknown[]> {
    return this.#run(operation, this.#keys.space(space), [at(now), ...args]);
  }

  async #run(operation: Operation, keys: readonly string[], args: readonly string[]): Promise<unknown[]> {
    if (this.#isClosed) throw new HueyError("Cannot use a storage that is closed");
    return await this.#runner.run(operation, keys, args, this);
  }

  /** Where it is to be announced that a key has got a value. */
  #news(space: Space): [channel: string, space: Space] {
    return [this.#waiting ? `${this.#keys.prefix}keys` : "", space];
  }

  /** Removes more than is written, so that what has expired becomes less. */
  #sweep(settle: Settlement[] = []): { most: number; everywhere: boolean } {
    const written = settle.reduce((sum, { writes = [] }) => sum + writes.length, 0);
    const everywhere = performance.now() - this.#sweptAt >= SWEEP_INTERVAL;
    this.#unswept += written;
    if (!everywhere && (written === 0 || this.#unswept < SWEEP_AFTER)) return { most: 0, everywhere };
    const most = 2 * this.#unswept;
    this.#unswept = 0;
    if (everywhere) this.#sweptAt = performance.now();
    return { most: Math.max(most, 2 * SWEEP_AFTER), everywhere };
  }
}

function at(now: number | undefined): string {
  return now === undefined ? "" : `${now}`;
}

function toLiving(stored: unknown): string | undefined {
  return stored === undefined || stored === "" ? undefined : toValue(String(stored));
}

function isSpace(part: Flushed): part is Space {
  return (SPACES as readonly string[]).includes(part);
}
