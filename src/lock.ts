/**
 * Locks: at most one holder of a name at a time, over all processes. A lock has an owner and ends by itself when its
 * owner dies.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { TaskLockedException } from "./errors.ts";
import { freeHold, type Hold, renewHold, takeHold } from "./holds.ts";
import { log } from "./log.ts";
import { type Duration, show, toMilliseconds } from "./time.ts";

/** For `huey.lockTask`. */
export interface LockOptions {
  /** After how long a lock ends whose holder has died; while it lives, it renews. @default {"1m"} */
  ttl?: Duration;
  /** How long to wait for a lock that somebody has; absent: not at all. */
  wait?: Duration;
}

const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1_000;

/**
 * A lock of a name.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 *
 * const huey = new Huey("docs");
 * const lock = huey.lockTask("reports");
 *
 * await lock.run(() => "nobody else is in here");
 * {
 *   await using _held = await lock.acquire();
 *   // nor here
 * }
 * ```
 */
export class TaskLock {
  /** What is locked. */
  readonly name: string;
  readonly #core: Core;
  readonly #ttl: number;
  readonly #wait: number;
  #held: { hold: Hold; ended: AbortController } | undefined;

  /** Made by `huey.lockTask`. */
  constructor(core: Core, name: string, { ttl = "1m", wait = 0 }: LockOptions = {}) {
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`A lock needs a name that is not empty: current value is ${show(name)}`);
    }
    this.#core = core;
    this.name = name;
    this.#ttl = toMilliseconds("ttl", ttl);
    this.#wait = toMilliseconds("wait", wait);
    if (this.#ttl === 0) throw new RangeError("'ttl' must be more than 0");
  }

  /**
   * Takes the lock, and renews it until it is released.
   *
   * @throws {TaskLockedException} if somebody has it, also this very object.
   */
  async acquire(): Promise<this> {
    const { clock } = this.#core;
    const until = clock.now() + this.#wait;
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
      const hold = await takeHold(this.#core, "locks", [this.name], this.#ttl);
      if (hold) {
        this.#held = { hold, ended: new AbortController() };
        void this.#keep(hold, this.#held.ended.signal);
        return this;
      }
      const left = until - clock.now();
      if (left <= 0) throw new TaskLockedException(`The lock ${show(this.name)} is held by somebody else`);
      await clock.sleep(Math.min(pause, left));
    }
  }

  /** Gives the lock back; tells whether it was still ours. */
  async release(): Promise<boolean> {
    const held = this.#held;
    this.#held = undefined;
    held?.ended.abort(0);
    return held ? await freeHold(this.#core, held.hold) : false;
  }

  /**
   * Runs a function with the lock.
   *
   * @throws {TaskLockedException} if somebody has it.
   */
  async run<R>(fn: () => R | Promise<R>): Promise<R> {
    // A lock of its own, so that one object can be used by many at once.
    const lock = new TaskLock(this.#core, this.name, { ttl: this.#ttl / 1_000, wait: this.#wait / 1_000 });
    await lock.acquire();
    try {
      return await fn();
    } finally {
      await lock.release();
    }
  }

  /** A function that runs with the lock each time it is called. */
  wrap<Args extends unknown[], R>(fn: (...args: Args) => R | Promise<R>): (...args: Args) => Promise<R> {
    return (...args) => this.run(() => fn(...args));
  }

  /** Gives the lock back at the end of an `await using` scope. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #keep(hold: Hold, ended: AbortSignal): Promise<void> {
    while (true) {
      await this.#core.clock.sleep(this.#ttl / 3, ended).catch(() => {});
      if (ended.aborted) return;
      const kept = await renewHold(this.#core, hold, this.#ttl).catch(() => true);
      if (!kept) return log("lock")?.warn("The lock {name} was lost: it was not renewed in time", { name: this.name });
    }
  }
}

/** Whether somebody has the lock of this name. */
export async function isLocked(core: Core, name: string): Promise<boolean> {
  const [token] = await core.storage.peek("locks", [name], core.storageTime());
  return token !== undefined;
}

/** Ends the locks of these names, or all of them, whoever holds them; gives the named ones that were held. */
export async function flushLocks(core: Core, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) await core.storage.flush(["locks"]);
  const held = await Promise.all(names.map((name) => core.storage.delete("locks", name, { now: core.storageTime() })));
  return names.filter((_, i) => held[i]);
}
