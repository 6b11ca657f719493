import process from "node:process";
import type { Core } from "../../core.ts";
import { ConfigurationError } from "../../errors.ts";
import type { Hand, Hands } from "../../hands.ts";
import type { WorkerChoice } from "../../worker_kinds.ts";
import { toUrl } from "../load.ts";
import { entry } from "./entry.ts";
import { processes } from "./process_channel.ts";
import { RemoteWorker } from "./remote_worker.ts";
import { runtimeFlags } from "./runtime_flags.ts";
import { Slot } from "./slot.ts";
import { threads } from "./thread_channel.ts";
import type { WorkerLog } from "./words.ts";
import { toWorkerOptions, type WorkerOptions } from "./worker_options.ts";

/**
 * A pool that starts nothing yet. `log` is how the command line logs.
 *
 * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
 */
export function openPool(core: Core, options: WorkerChoice, log?: WorkerLog): Hands {
  return new Pool(core, toWorkerOptions(core, options), log);
}

/**
 * Threads or processes that run deliveries, each in a place of its own. What is claimed, whose leases are renewed and
 * how it is settled is none of their business but that of the thread that has the pool, so a busy worker loses nothing.
 */
class Pool implements Hands {
  readonly #core: Core;
  readonly #options: WorkerOptions;
  readonly #slots: Slot[];
  readonly #stopping = new AbortController();

  constructor(core: Core, options: WorkerOptions, log?: WorkerLog) {
    if (Symbol.for("huey.worker") in globalThis) {
      throw new ConfigurationError(
        "Cannot start workers in a worker: it loads the module that started it, which must start a consumer only " +
          "if import.meta.main is true",
      );
    }
    const modules = (options.modules ?? [process.argv[1]]).map((module) => toUrl(String(module)));
    const open = options.kind === "thread" ? threads(entry) : processes(entry, runtimeFlags());
    this.#core = core;
    this.#options = options;
    this.#slots = Array.from(
      { length: options.workers },
      (_, i) =>
        new Slot(core, i + 1, options, (number, watcher) => {
          const birth = { say: "start", number, modules, queue: core.name, log } as const;
          return new RemoteWorker(core, birth, open, watcher, (line) => console.error(line));
        }),
    );
  }

  get free(): number {
    return this.#slots.reduce((sum, { free }) => sum + free, 0);
  }

  /** Of the worker that has least to do. */
  take(): Hand | undefined {
    const free = this.#slots.filter(({ free }) => free > 0);
    return free.sort((a, b) => a.busy - b.busy)[0]?.hand();
  }

  async start(): Promise<void> {
    const problems = await Promise.all(this.#slots.map((slot) => slot.start()));
    const problem = problems.find((problem) => problem !== undefined);
    if (problem !== undefined) {
      await this.stop();
      throw new ConfigurationError(problem);
    }
    if (this.#options.healthCheckInterval > 0) void this.#check();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  async #check(): Promise<void> {
    const signal = this.#stopping.signal;
    while (true) {
      await this.#core.clock.sleep(this.#options.healthCheckInterval, signal).catch(() => {});
      if (signal.aborted) return;
      for (const slot of this.#slots) slot.check();
    }
  }
}
