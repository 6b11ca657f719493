/**
 * Back-off: how long a consumer waits between two looks at a storage that cannot wake it. Each look costs a request, so
 * it looks less and less often while there is nothing.
 *
 * @module
 */
import type { Exchanged } from "./storage.ts";

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

  /**
   * In milliseconds: how long to wait at most, and after the first look in vain; `backoff` is what the wait is multiplied
   * with after each. Who says how to begin or how to go on is taken at his word, and may look as often as that comes to.
   */
  constructor(maxDelay: number, initialDelay?: number, backoff?: number) {
    this.#maxDelay = maxDelay;
    this.#initialDelay = this.#delay = Math.min(initialDelay ?? INITIAL_DELAY, maxDelay);
    this.#backoff = backoff ?? BACKOFF;
    this.#mostEarly = this.#early = (initialDelay ?? backoff) === undefined ? EARLY : Infinity;
  }

  /**
   * How long to wait after the answer to a request that claimed, which came at the instant `at`. Who `isWoken` looks only
   * when he is, or time alone has made something ready.
   */
  after({ deliveries, settled, enqueued, now, next = Infinity }: Exchanged, at: number, isWoken: boolean): number {
    this.#early += Math.max(0, at - this.#at) / (EARLY_AGAIN * this.#maxDelay);
    if (this.#early > this.#mostEarly) this.#early = this.#mostEarly;
    this.#at = at;
    let delay = this.#delay;
    if (deliveries.length > 0) delay = this.#delay = this.#initialDelay;
    // What was sent anyway has cost nothing more.
    else if (settled.length + enqueued.length === 0) {
      if (this.#wasEarly) this.#early--;
      this.#delay = Math.min(delay * this.#backoff, this.#maxDelay);
    }
    // The storage's clock need not be ours, so what counts is how long it is until then.
    const wait = Math.min(isWoken ? this.#maxDelay : delay, next - now);
    this.#wasEarly = wait < this.#maxDelay && this.#early >= 1;
    return isWoken || this.#wasEarly ? wait : this.#maxDelay;
  }
}
