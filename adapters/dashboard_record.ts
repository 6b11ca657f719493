import type { Core, End, Huey, Recorder, Task, Write } from "../mod.ts";
import { type Run, toRun } from "./dashboard_run.ts";
import { type Counted, Series } from "./dashboard_series.ts";

/** For {@linkcode recordHistory}. */
export interface HistoryOptions {
  /** What the page of workers calls this process. Absent: the first letters of a random id. */
  worker?: string;
  /** How many finished attempts this process keeps; the oldest go first. @default {500} */
  limit?: number;
  /** Whether the arguments of finished tasks are kept, up to a size. @default {true} */
  args?: boolean;
}

/** What a process tells about itself. */
export interface Presence {
  name: string;
  runtime: string;
  /** How many tasks it runs at once; 0: it is one that drains. */
  workers: number;
  since: number;
  seen: number;
  stopped?: true;
  running: [id: string, name: string, started: number][];
  minutes: unknown[];
}

/** One minute and one quarter of an hour; how many of them are kept. */
export const MINUTES: [span: number, length: number] = [60_000, 60];
/** See {@linkcode MINUTES}. */
export const QUARTERS: [span: number, length: number] = [900_000, 96];
/** Says who is there at least this often; who was not heard of for three times as long is gone. */
export const BEAT = 20_000;

const DAY = 86_400_000;
/** The least time between two writings of a process that lives long. */
const PAUSE = 2_000;
/** How many attempts one key holds: the last key is written anew until it is full. */
const SEGMENT = 25;
const MOST_RUNNING = 100;
/** How many characters of history one request takes along; what is older stays away. */
const MOST_WRITTEN = 256_000;

/**
 * Records what this process runs, for the dashboard to show: throughput and latency, finished tasks with their errors,
 * and which workers are alive. Call it where tasks are run, before the consumer starts or the first drain.
 *
 * What is recorded goes along in the requests that settle tasks. A consumer sends a few requests of its own: one in 20
 * seconds to say that it is there, and, after tasks were run, up to three within two seconds. A drain sends none. It is
 * kept for a day, in as many keys as `limit` allows, encoded by the serializer of the instance.
 *
 * Gives the function that ends it.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 * import { recordHistory } from "@hq/huey/dashboard";
 *
 * const huey = new Huey("docs");
 * recordHistory(huey, { worker: "eu-1" });
 * ```
 *
 * @throws {TypeError | RangeError} for options that cannot be.
 */
export function recordHistory(huey: Huey, options: HistoryOptions = {}): () => void {
  const { worker, limit = 500, args = true } = options;
  if (worker !== undefined && (typeof worker !== "string" || worker === "")) {
    throw new TypeError("'worker' must be a string that is not empty, as the page of workers is to show it");
  }
  if (!Number.isInteger(limit) || limit < 0) {
    throw new RangeError(`'limit' must be a whole number from 0 on: current value is ${String(limit)}`);
  }
  const history = new History(huey.core, { worker, limit, args });
  const enders = [
    huey.signal("executing", (_signal, task) => history.begin(task)),
    huey.onStartup(() => history.enter()),
    huey.onShutdown(() => history.leave()),
  ];
  huey.core.recorders.add(history);
  return () => {
    huey.core.recorders.delete(history);
    for (const end of enders) end();
  };
}

class History implements Recorder {
  readonly #core: Core;
  readonly #options: { worker?: string; limit: number; args: boolean };
  readonly #started = new Map<string, { name: string; at: number }>();
  readonly #minutes = new Series(...MINUTES);
  readonly #quarters = new Series(...QUARTERS);
  /** Made when it is needed: some platforms allow no ids while a program loads. */
  #id?: string;
  #since = 0;
  #workers = 0;
  #stopping?: AbortController;
  #segments: { number: number; runs: Run[] }[] = [];
  #number = 0;
  #dirty = false;
  /** Whether the day's counts are to be written. */
  #uncounted = false;
  #takenAt = -Infinity;
  #quarterAt = -Infinity;

  /** How many keys it takes; the oldest is written over. */
  readonly #most: number;

  constructor(core: Core, options: { worker?: string; limit: number; args: boolean }) {
    this.#core = core;
    this.#options = options;
    this.#most = Math.ceil(options.limit / SEGMENT);
  }

  begin({ id, name }: Task): void {
    this.#started.set(id, { name, at: this.#core.clock.now() });
    // Those whose end was never told, as their leases were lost, must not pile up.
    for (const old of this.#started.keys()) {
      if (this.#started.size <= 10_000) break;
      this.#started.delete(old);
    }
  }

  ending(task: Task, end: End): () => void {
    const started = this.#started.get(task.id)?.at;
    this.#started.delete(task.id);
    const counted = toCounted(end);
    if (!counted) return () => {};
    const { worker = this.#idNow().slice(0, 6), args } = this.#options;
    const run = toRun(task, end, { started, ended: this.#core.clock.now(), worker, args });
    this.#count(run, counted, 1);
    let last = this.#segments.at(-1);
    if (!last || last.runs.length >= SEGMENT) this.#segments.push(last = { number: this.#number++, runs: [] });
    // What nobody will see any more need not be written first.
    if (this.#segments.length > Math.max(1, this.#most)) this.#segments.shift();
    last.runs.push(run);
    return () => {
      this.#count(run, counted, -1);
      last.runs = last.runs.filter((other) => other !== run);
    };
  }

  async take(): Promise<Write[]> {
    if (!this.#dirty) return [];
    // Who lives long need not write with every settlement; what is left is written a little later.
    if (this.#workers > 0 && this.#core.clock.now() - this.#takenAt < PAUSE) return [];
    return await this.#write();
  }

  enter(): void {
    if (this.#workers++ > 0) return;
    this.#stopping = new AbortController();
    void this.#keep(this.#stopping.signal);
  }

  async leave(): Promise<void> {
    if (--this.#workers > 0) return;
    this.#stopping?.abort();
    await this.#flush();
  }

  /** Writes what no settlement took along, and says now and then that this process is there. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.#core;
    while (!signal.aborted) {
      const pause = this.#dirty ? PAUSE : BEAT;
      if (clock.now() - this.#takenAt >= pause) await this.#flush();
      await clock.sleep(PAUSE, signal).catch(() => {});
    }
  }

  async #flush(): Promise<void> {
    const { storage, storageTime } = this.#core;
    try {
      for (const { space, key, value = "", ttl } of await this.#write()) {
        await storage.put(space, key, value, { ttl, now: storageTime() });
      }
    } catch {
      this.#dirty = true; // the storage does not answer; whoever needs it says so
    }
  }

  async #write(): Promise<Write[]> {
    const { clock } = this.#core;
    const now = this.#takenAt = clock.now();
    const id = this.#idNow();
    this.#since ||= now;
    this.#dirty = false;
    const writes: Write[] = [
      { space: "workers", key: id, value: JSON.stringify(this.#toPresence(id, now)), ttl: DAY },
    ];
    if (this.#uncounted && (now - this.#quarterAt >= MINUTES[0] || this.#workers <= 0)) {
      this.#quarterAt = now;
      this.#uncounted = false;
      writes.push({ space: "workers", key: `${id}/day`, value: JSON.stringify(this.#quarters.pack()), ttl: DAY });
    }
    // The last one goes on; the others are full, and written for good. Should the request fail, they are missing.
    const segments = this.#segments.filter(({ runs }) => this.#most > 0 && runs.length > 0);
    this.#segments = this.#segments.slice(-1);
    let room = MOST_WRITTEN;
    for (const { number, runs } of segments.reverse()) {
      const value = await this.#encode(runs);
      if ((room -= value.length) < 0) break;
      writes.push({ space: "history", key: `${id}/${number % this.#most}`, value, ttl: DAY });
    }
    return writes;
  }

  async #encode(runs: readonly Run[]): Promise<string> {
    const { serializer } = this.#core;
    try {
      return await serializer.encode(runs);
    } catch {
      // What a function was given need not be what can be sent, as where it is a chord's callback.
      return await serializer.encode(runs.map(({ args: _, ...run }) => run));
    }
  }

  #idNow(): string {
    return this.#id ??= this.#core.newId().slice(-12);
  }

  #toPresence(id: string, now: number): Presence {
    const running = [...this.#started].slice(-MOST_RUNNING);
    return {
      name: this.#options.worker ?? id.slice(0, 6),
      runtime: (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent?.slice(0, 40) ?? "",
      workers: this.#workers,
      since: this.#since,
      seen: now,
      ...this.#stopping?.signal.aborted && this.#workers <= 0 && { stopped: true },
      running: running.map(([id, { name, at }]) => [id, name, at]),
      minutes: this.#minutes.pack(),
    };
  }

  #count({ due, started, ended, attempt }: Run, counted: Counted, by: number): void {
    this.#dirty = this.#uncounted = true;
    for (const series of [this.#minutes, this.#quarters]) {
      const bucket = series.at(ended);
      bucket[counted] += by;
      if (started === undefined) continue;
      bucket.run.add(ended - started, by);
      if (due !== undefined && attempt === 1) bucket.wait.add(started - due, by);
    }
  }
}

function toCounted({ settled }: End): Counted | undefined {
  if (settled === "complete" || settled === "failed" || settled === "retried") return settled;
  return settled === "stopped" ? "failed" : undefined;
}
