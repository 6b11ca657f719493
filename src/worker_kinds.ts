/**
 * The kinds of workers. Threads and processes need a system below them, so what starts them is no part of the core: it
 * is loaded when it is asked for, by a name that no bundler follows.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { ConfigurationError } from "./errors.ts";
import { type Hands, loopHands } from "./hands.ts";
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

/**
 * What runs the deliveries of a consumer with these options. What only threads and processes have is checked when they
 * are started.
 *
 * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
 */
export function toHands(core: Core, options: WorkerChoice): Hands {
  const { kind = "async", workers = 1, maxTasks = Infinity, concurrency, maxMemory, modules } = options;
  if (workers === Infinity) throw new RangeError("'workers' must be a finite number: current value is Infinity");
  toCount("workers", workers, 1);
  toCount("maxTasks", maxTasks, 1);
  toMilliseconds("healthCheckInterval", options.healthCheckInterval ?? 10);
  if (kind === "thread" || kind === "process") return poolHands(core, options);
  if (kind !== "async" || concurrency || maxMemory || modules) {
    throw new ConfigurationError(
      `Give kind "thread" or "process", or "async" without concurrency, maxMemory and modules: current is ${
        show(kind)
      }`,
    );
  }
  return loopHands(core, workers, maxTasks);
}

/** Threads or processes, of which nothing is loaded before they are started. */
function poolHands(core: Core, options: WorkerChoice): Hands {
  let pool: Hands | undefined;
  return {
    get free() {
      return pool?.free ?? 0;
    },
    take: () => pool?.take(),
    async start() {
      // Beside this file, and with its extension: published to npm, the library is JavaScript. In a bundle there is none.
      const url = `${import.meta.url}`.replace(/worker_kinds(?=\.\w+$)/, "cli/pool/pool");
      const { openPool, cause }: Partial<PoolModule> = await import(/* @vite-ignore */ url).catch((cause) => ({
        cause,
      }));
      if (!openPool) {
        throw new ConfigurationError(`Cannot start a ${options.kind} here: use Deno, Bun or Node, unbundled`, {
          cause,
        });
      }
      await (pool = openPool(core, options)).start();
    },
    stop: async () => await pool?.stop(),
  };
}

interface PoolModule {
  openPool(core: Core, options: WorkerChoice): Hands;
  cause: unknown;
}
