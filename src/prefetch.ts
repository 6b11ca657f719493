/**
 * Prefetch: where tasks take less time than the request that brings them, a consumer claims some more than it has hands
 * for, so that these need not stand idle while it asks. As soon as a task takes longer it prefetches none, and gives back
 * what has no hand yet: nothing waits here that another consumer could begin.
 *
 * @module
 */
import { type Attempt, Interrupted } from "./attempt.ts";
import type { Hand, Hands } from "./hands.ts";
import type { Clock } from "./time.ts";

/** How many answers in a row must have found all hands idle before one is prefetched. */
const STREAK = 8;
/** How many may be prefetched for each hand. */
const MOST_PER_HAND = 8;
/** So many in hands and prefetched are as good as more: while a part is at work, the rest is on its way. */
const ENOUGH = 192;
/** How long, in milliseconds, what was prefetched waits for a hand before it is given back. */
const LONGEST_WAIT = 25;

interface Turn {
  attempt: Attempt;
  take(hand: Hand | undefined): void;
}

/** What a consumer has prefetched. */
export class Prefetch {
  /** Whether the tasks of late took no longer than a request. */
  isFast = false;
  readonly #hands: Hands;
  readonly #clock: Clock;
  readonly #turns: Turn[] = [];
  #most = 0;
  #size = 0;
  #streak = 0;
  #slowest = 0;
  #isTimed = false;

  /** Nothing is prefetched at first. */
  constructor(hands: Hands, clock: Clock) {
    this.#hands = hands;
    this.#clock = clock;
  }

  /** Whether tasks are so fast that some are prefetched. */
  get isOn(): boolean {
    return this.#size > 0;
  }

  /** How many wait for a hand. */
  get waiting(): number {
    return this.#turns.length;
  }

  /** How many more could. */
  get room(): number {
    return Math.max(0, this.#size - this.#turns.length);
  }

  /** A request that claims is about to be sent. */
  asked(): void {
    this.#most = Math.max(this.#most, Math.min(MOST_PER_HAND * this.#hands.free, ENOUGH - this.#hands.free));
  }

  /** It was answered within so many milliseconds, with as much as was wanted or with less. */
  answered(isFull: boolean, executing: number, took: number): void {
    const isFast = this.isFast = this.#slowest <= Math.max(1, took);
    this.#slowest = 0;
    if (!isFast) this.#size = this.#streak = 0;
    else if (isFull && executing + this.#turns.length === 0 && ++this.#streak >= STREAK) {
      this.#size = Math.min(Math.max(1, 2 * this.#size), this.#most);
    }
  }

  /** A task took so long, in milliseconds. */
  took(time: number): void {
    this.#slowest = Math.max(this.#slowest, time);
  }

  /** A hand for this attempt, or none if it was aborted before there was one. */
  turn(attempt: Attempt): Promise<Hand | undefined> {
    void this.#watch();
    return new Promise((resolve) => {
      const turn = { attempt, take: resolve };
      this.#turns.push(turn);
      attempt.onAborted = () => {
        const at = this.#turns.indexOf(turn);
        if (at >= 0) this.#turns.splice(at, 1);
        resolve(undefined);
      };
    });
  }

  /** A hand may be free. */
  next(): void {
    while (this.#turns.length > 0) {
      const hand = this.#hands.take();
      if (!hand) return;
      this.#turns.shift()!.take(hand);
    }
  }

  /** Gives back all that has no hand, and prefetches none for a while. */
  giveBack(why: string): void {
    this.#size = this.#streak = 0;
    for (const { attempt } of this.#turns.splice(0)) attempt.abort(new Interrupted(why));
  }

  async #watch(): Promise<void> {
    if (this.#isTimed) return;
    this.#isTimed = true;
    let first: Turn | undefined;
    do {
      first = this.#turns[0];
      await this.#clock.sleep(LONGEST_WAIT).catch(() => {});
    } while (this.#turns.length > 0 && this.#turns[0] !== first);
    this.#isTimed = false;
    if (this.#turns.length > 0) this.giveBack("All workers are at work on other tasks");
  }
}
