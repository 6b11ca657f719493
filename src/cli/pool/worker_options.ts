import type { Core } from "../../core.ts";
import { ConfigurationError } from "../../errors.ts";
import { toCount, toMilliseconds } from "../../time.ts";
import type { WorkerChoice } from "../../worker_kinds.ts";

/** What the threads or processes of a consumer are to be, checked. */
export interface WorkerOptions {
  kind: "thread" | "process";
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

/**
 * Checks what the workers are to be.
 *
 * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
 */
export function toWorkerOptions(core: Core, options: WorkerChoice): WorkerOptions {
  const { workers = 1, concurrency = 1, maxTasks = Infinity, maxMemory = Infinity, modules } = options;
  const kind = options.kind === "thread" ? "thread" : "process";
  if (core.storage.isPrivate) {
    throw new ConfigurationError(
      `Cannot start a ${kind} on a storage that only this thread sees: give one that can be shared, as sqlite("huey.db")`,
    );
  }
  if (concurrency === Infinity) {
    throw new RangeError("'concurrency' must be a finite number: current value is Infinity");
  }
  return {
    kind,
    workers: toCount("workers", workers, 1),
    concurrency: toCount("concurrency", concurrency, 1),
    maxTasks: toCount("maxTasks", maxTasks, 1),
    maxMemory: toCount("maxMemory", maxMemory, 1),
    healthCheckInterval: toMilliseconds("healthCheckInterval", options.healthCheckInterval ?? 10),
    modules: typeof modules === "string" || modules instanceof URL ? [modules] : modules,
  };
}
