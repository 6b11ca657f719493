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

/**
 * A number of workers in this event loop, each of which runs one delivery at a time. After `maxTasks` tasks one is
 * started afresh, which here means that its hooks are run.
 */
export function loopHands(core: Core, count: number, maxTasks: number = Infinity): Hands {
  const { hooks } = core;
  const each = async (hook: () => Promise<void>): Promise<void> => {
    for (let i = 0; i < count; i++) await hook();
  };
  const free = Array.from({ length: count }, () => {
    let tasks = 0;
    const hand: Hand = {
      run(attempt) {
        tasks++;
        return runHere(core, attempt);
      },
      release() {
        if (tasks >= maxTasks) void restart();
        else free.push(hand);
      },
    };
    const restart = async (): Promise<void> => {
      await hooks.shutdown();
      await hooks.startup();
      tasks = 0;
      core.pump.poke();
      free.push(hand);
    };
    return hand;
  });
  return {
    get free() {
      return free.length;
    },
    take: () => free.pop(),
    start: () => each(() => hooks.startup()),
    stop: () => each(() => hooks.shutdown()),
  };
}
