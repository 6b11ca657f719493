/**
 * Hands: what workers run deliveries with. Those of a drain, and of workers of kind `async`, are in this event loop;
 * other kinds have them in threads or processes.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Core } from "./core.ts";
import { execute } from "./execute.ts";
import { settle, type Settled } from "./settle.ts";

/** A place where one delivery at a time is run. */
export interface Hand {
  /** Runs a delivery to its end, and gives what brings that end to the storage. Neither ever throws. */
  run(attempt: Attempt): Promise<() => Promise<Settled>>;
  /** It is free for the next. */
  release(): void;
}

/** All that belong to one consumer or drain. */
export interface Hands {
  /** How many deliveries could be begun right now. */
  readonly free: number;
  /** One that is free, if there is any. */
  take(): Hand | undefined;
  /** Makes ready, with the hooks of each worker's start. */
  start(): Promise<void>;
  /** Ends, with the hooks of each worker's end. Nothing is in hands any more. */
  stop(): Promise<void>;
}

/** Runs a delivery in this event loop. Never throws. */
export async function runHere(core: Core, attempt: Attempt): Promise<() => Promise<Settled>> {
  const executed = await execute(core, attempt);
  return () => settle(core, attempt, executed);
}

/** A number of workers in this event loop, each of which runs one delivery at a time. */
export class LoopHands implements Hands {
  readonly #core: Core;
  readonly #count: number;
  readonly #maxTasks: number;
  readonly #free: Hand[];

  /** After `maxTasks` tasks a worker is started afresh, which here means that its hooks are run. */
  constructor(core: Core, count: number, maxTasks: number = Infinity) {
    this.#core = core;
    this.#count = count;
    this.#maxTasks = maxTasks;
    this.#free = Array.from({ length: count }, () => this.#worker());
  }

  get free(): number {
    return this.#free.length;
  }

  take(): Hand | undefined {
    return this.#free.pop();
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.#count; i++) await this.#core.hooks.startup();
  }

  async stop(): Promise<void> {
    for (let i = 0; i < this.#count; i++) await this.#core.hooks.shutdown();
  }

  #worker(): Hand {
    let tasks = 0;
    const hand: Hand = {
      run: async (attempt) => {
        const settling = await runHere(this.#core, attempt);
        tasks++;
        return settling;
      },
      release: async () => {
        if (tasks >= this.#maxTasks) {
          await this.#core.hooks.shutdown();
          await this.#core.hooks.startup();
          tasks = 0;
          this.#core.pump.poke();
        }
        this.#free.push(hand);
      },
    };
    return hand;
  }
}
