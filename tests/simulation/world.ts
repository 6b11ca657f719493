import { setImmediate } from "node:timers";
import type { Clock } from "@hq/huey";
import { Heap, type Placed } from "../../src/heap.ts";

interface Event extends Placed {
  at: number;
  order: number;
  run: () => unknown;
}

/** When a history begins. */
export const START = Date.parse("2026-01-01T00:00:00Z");

/**
 * All that can happen, one thing after the other, by a time that moves only from one to the next. What happens at the
 * same instant happens in the order in which it was asked for, so the same history can be had again.
 */
export class World {
  /** True time. */
  now = START;
  readonly #events = new Heap<Event>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;

  /** Lets something happen after so many milliseconds; gives what calls it off. */
  after(ms: number, run: () => unknown): () => void {
    const event: Event = { at: this.now + Math.max(0, ms), order: this.#order++, run, place: -1 };
    this.#events.push(event);
    return () => {
      if (event.place >= 0) this.#events.remove(event);
    };
  }

  /** Goes on until something is so, or time has come to `limit`; tells whether it is so. */
  async until(isSo: () => boolean, limit: number): Promise<boolean> {
    for (;;) {
      // Whoever was woken has come to rest by then: nobody here waits for anything but promises, and the world.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (isSo()) return true;
      const event = this.#events.peek();
      if (!event || event.at > limit) {
        this.now = Math.max(this.now, limit);
        return false;
      }
      this.#events.remove(event);
      this.now = event.at;
      await event.run();
    }
  }
}

/** A process, which can be killed, be paused, and have a clock that is wrong. */
export class Host {
  readonly world: World;
  /** What it is called, however often it was started anew. */
  readonly name: string;
  /** Its clock. As the system's, it sleeps by another clock than the one that it reads and that may be set. */
  readonly clock: Clock;
  #skew: number;
  #isAlive = true;
  #pausedUntil = -Infinity;

  /** A process whose clock is ahead by `skew` milliseconds. */
  constructor(world: World, name: string, skew = 0) {
    this.world = world;
    this.name = name;
    this.#skew = skew;
    this.clock = {
      now: () => world.now + this.#skew,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  /** Whether it has not been killed. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Nothing more happens in it. */
  kill(): void {
    this.#isAlive = false;
  }

  /** Nothing happens in it for a while. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.world.now + ms);
  }

  /** Its clock is set. */
  jump(ms: number): void {
    this.#skew += ms;
  }

  /** Its clock is right from now on. */
  correct(): void {
    this.#skew = 0;
  }

  /** Lets something happen in it after so many milliseconds. */
  after(ms: number, run: () => void): () => void {
    const fire = (): void => {
      if (!this.#isAlive) return;
      if (this.world.now < this.#pausedUntil) cancel = this.world.after(this.#pausedUntil - this.world.now, fire);
      else run();
    };
    let cancel = this.world.after(ms, fire);
    return () => cancel();
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = (): void => {
        cancel();
        reject(signal!.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
