import { setImmediate } from "node:timers";
import { type Clock, type Duration, type Instant, toInstant, toMilliseconds } from "../time.ts";

/** For {@linkcode TestClock}. */
export interface TestClockOptions {
  /**
   * Called after somebody was woken: resolves when he has come to rest, so that time may go on. Absent: after a turn or
   * two of the event loop, which is enough for storages in the same process.
   */
  rest?: () => Promise<void>;
}

interface Sleeper {
  due: number;
  wake(): void;
}

/**
 * A clock that stands still until it is told otherwise.
 *
 * @example
 * ```ts
 * import { TestClock } from "@hq/huey/testing";
 *
 * const clock = new TestClock("2026-01-01T00:00:00Z");
 * const nap = clock.sleep(1_000).then(() => new Date(clock.now()).toISOString());
 * await clock.advance("1m");
 * console.log(await nap); // 2026-01-01T00:00:01.000Z
 * ```
 */
export class TestClock implements Clock {
  readonly #rest: () => Promise<void>;
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  /** A clock that stands at `start`: an instant, or a date as a string. @default {"2026-01-01T00:00:00Z"} */
  constructor(start: Instant | string = "2026-01-01T00:00:00Z", { rest = turn }: TestClockOptions = {}) {
    this.#rest = rest;
    this.#now = toInstant("start", typeof start === "string" ? new Date(start) : start);
  }

  /** Where the clock stands, in epoch milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Resolves when the clock has been moved on by `ms` milliseconds; rejects with `signal.reason` on abort. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { due: this.#now + ms, wake };
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason);
      };
      function wake(): void {
        signal?.removeEventListener("abort", abort);
        resolve();
      }
      if (ms <= 0) return resolve();
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /**
   * Moves the clock on. It stops at each instant at which somebody wants to wake, and lets those do what they have to
   * before it goes on, so that ten minutes in one step are as ten minutes in many. With nobody asleep it has moved when
   * this call returns; otherwise await it.
   */
  advance(duration: Duration): Promise<void> {
    return this.#moveTo(this.#now + toMilliseconds("duration", duration));
  }

  /** Moves the clock to an instant, as {@linkcode advance} does; back, too, at one jump. */
  set(instant: Instant): Promise<void> {
    return this.#moveTo(toInstant("instant", instant));
  }

  async #moveTo(target: number): Promise<void> {
    // Where somebody sleeps, others may be about to.
    if (this.#sleepers.size > 0) await this.#rest();
    for (;;) {
      const due = Math.min(...Array.from(this.#sleepers, ({ due }) => due));
      if (due > target) break;
      this.#now = Math.max(this.#now, due);
      for (const sleeper of [...this.#sleepers]) {
        if (sleeper.due > this.#now) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      await this.#rest();
    }
    this.#now = target;
  }
}

/** Lets the event loop turn twice. A timer would take a millisecond each, and a message may come without a turn. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
