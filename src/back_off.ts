/**
 * Back-off: how long a consumer waits between two looks at a storage that cannot wake it. Each look costs a request, so
 * it looks less and less often while there is nothing.
 *
 * @module
 */
import type { Exchanged } from "./storage.ts";

/** For {@linkcode BackOff}, in milliseconds. */
export interface BackOffOptions {
  /** How long to wait after the first look in vain. */
  initialDelay?: number;
  /** How long to wait at most. */
  maxDelay: number;
  /** What the wait is multiplied with after each look in vain. */
  backoff?: number;
}

const INITIAL_DELAY = 1_000;
const BACKOFF = 2;
/**
 * How many looks in vain may come sooner than after the longest wait, and after how many such waits there may be one
 * more. With waits of ten seconds that is ten looks in vain in any minute, whatever others do.
 */
const EARLY = 3;
const EARLY_AGAIN = 6;

/** The waits of one consumer. */
export class BackOff {
  readonly #initialDelay: number;
  readonly #maxDelay: number;
  readonly #backoff: number;
  readonly #mostEarly: number;
  #delay: number;
  #early: number;
  #wasEarly = false;
  #at = 0;

  /** Who says how to begin or how to go on is taken at his word, and may look in vain as often as that comes to. */
  constructor({ initialDelay, maxDelay, backoff }: BackOffOptions) {
    this.#maxDelay = maxDelay;
    this.#initialDelay = this.#delay = Math.min(initialDelay ?? INITIAL_DELAY, maxDelay);
    this.#backoff = backoff ?? BACKOFF;
    this.#mostEarly = this.#early = initialDelay === undefined && backoff === undefined ? EARLY : Infinity;
  }

  /** How long to wait after the answer to a request that claimed, which came at the instant `at`. */
  after({ deliveries, settled, enqueued, now, next = Infinity }: Exchanged, at: number): number {
    const passed = Math.max(0, at - this.#at) / (EARLY_AGAIN * this.#maxDelay);
    this.#early = Math.min(this.#early + passed, this.#mostEarly);
    this.#at = at;
    let delay = this.#delay;
    if (deliveries.length > 0) delay = this.#delay = this.#initialDelay;
    // What was sent anyway has cost nothing more.
    else if (settled.length === 0 && enqueued.length === 0) {
      if (this.#wasEarly) this.#early--;
      this.#delay = Math.min(delay * this.#backoff, this.#maxDelay);
    }
    const wait = Math.min(delay, next - now);
    this.#wasEarly = wait < this.#maxDelay && this.#early >= 1;
    return this.#wasEarly ? wait : this.#maxDelay;
  }
}
