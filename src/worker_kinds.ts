/**
 * The kinds of workers. Threads and processes need a system below them, so what starts them is no part of the core: it
 * is loaded when it is asked for, by a name that no bundler follows.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { ConfigurationError } from "./errors.ts";
import { type Hand, type Hands, LoopHands } from "./hands.ts";
import { type Duration, show, toCount, toMilliseconds } from "./time.ts";

/** How the workers of a consumer are kept apart. */
export type WorkerKind = "async" | "thread" | "process";

/** The part of a consumer's options that is about its workers. */
export interface WorkerChoice {
  /** How many workers. @default {1} */
  workers?: number;
  /**
   * `async`: all workers are in one event loop. `thread` and `process`: each is a thread or process of its own, so that
   * tasks that compute run side by side, and one that never ends can be ended; on Deno, Bun and Node.
   *
   * @default {"async"}
   */
  kind?: WorkerKind;
  /** Threads and processes: how many tasks each of them runs at once. @default {1} */
  concurrency?: number;
  /**
   * Threads and processes: the modules that each of them loads, by path or URL, one of which exports this instance and
   * which together define all tasks; absent: the program's main module. That must not start a consumer where it is
   * loaded so: it asks `import.meta.main`.
   */
  modules?: string | URL | readonly (string | URL)[];
  /** After how many tasks a worker is started afresh; absent: never. */
  maxTasks?: number;
  /** Threads and processes: beyond how much memory, in megabytes, a worker is started afresh; absent: never. */
  maxMemory?: number;
  /** How often to see that threads and processes that wait for work can still be reached; 0: never. @default {10} */
  healthCheckInterval?: Duration;
}

/** What the workers of a consumer are to be, checked. */
export interface WorkerOptions {
  kind: WorkerKind;
  /** How many. */
  workers: number;
  /** How many tasks each of them runs at once. */
  concurrency: number;
  /** After how many tasks one is started afresh. */
  maxTasks: number;
  /** Beyond how many megabytes one is started afresh. */
  maxMemory: number;
  /** How often to ask idle ones whether they are there, in milliseconds; 0: never. */
  healthCheckInterval: number;
  /** What each of them loads; absent: the program's main module. */
  modules: readonly (string | URL)[] | undefined;
}

/** The options that workers in this event loop cannot keep. */
const APART = ["concurrency", "maxMemory", "modules"] as const;

/**
 * Checks what the workers are to be.
 *
 * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
 */
export function toWorkerOptions(core: Core, options: WorkerChoice): WorkerOptions {
  const { kind = "async", workers = 1, concurrency = 1, maxTasks = Infinity, maxMemory = Infinity, modules } = options;
  if (kind !== "async" && kind !== "thread" && kind !== "process") {
    throw new ConfigurationError(`Cannot start workers of kind ${show(kind)}: give "async", "thread" or "process"`);
  }
  const apart = APART.find((option) => options[option] !== undefined);
  if (kind === "async" && apart) {
    throw new ConfigurationError(`'${apart}' is for workers of kind "thread" or "process": current kind is "async"`);
  }
  if (kind !== "async" && core.storage.isPrivate) {
    throw new ConfigurationError(
      `Cannot start workers of kind "${kind}" on a storage that only this thread sees: give one that can be shared, ` +
        'as sqlite("huey.db")',
    );
  }
  return {
    kind,
    workers: toFinite("workers", workers),
    concurrency: toFinite("concurrency", concurrency),
    maxTasks: toCount("maxTasks", maxTasks, 1),
    maxMemory: toCount("maxMemory", maxMemory, 1),
    healthCheckInterval: toMilliseconds("healthCheckInterval", options.healthCheckInterval ?? 10),
    modules: typeof modules === "string" || modules instanceof URL ? [modules] : modules,
  };
}

function toFinite(option: string, value: number): number {
  if (value === Infinity) throw new RangeError(`'${option}' must be a finite number: current value is Infinity`);
  return toCount(option, value, 1);
}

/**
 * What runs the deliveries of a consumer with these options.
 *
 * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
 */
export function toHands(core: Core, options: WorkerChoice): Hands {
  const checked = toWorkerOptions(core, options);
  return checked.kind === "async"
    ? new LoopHands(core, checked.workers, checked.maxTasks)
    : new PoolHands(core, checked);
}

/** Threads or processes, of which nothing is loaded before they are started. */
class PoolHands implements Hands {
  readonly #core: Core;
  readonly #options: WorkerOptions;
  #pool: Hands | undefined;

  constructor(core: Core, options: WorkerOptions) {
    this.#core = core;
    this.#options = options;
  }

  get free(): number {
    return this.#pool?.free ?? 0;
  }

  take(): Hand | undefined {
    return this.#pool?.take();
  }

  async start(): Promise<void> {
    const { Pool } = await loadPool(this.#options.kind);
    this.#pool = new Pool(this.#core, this.#options);
    await this.#pool.start();
  }

  async stop(): Promise<void> {
    await this.#pool?.stop();
  }
}

async function loadPool(kind: WorkerKind): Promise<{ Pool: new (core: Core, options: WorkerOptions) => Hands }> {
  try {
    // Beside this file, and with its extension: published to npm, the library is JavaScript.
    const here = import.meta.url;
    const path = "./cli/pool/pool" + /\.\w+$/.exec(here)![0];
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ new URL(path, here).href);
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot start workers of kind "${kind}": they need Deno, Bun or Node, and a program that is not bundled`,
      { cause },
    );
  }
}
