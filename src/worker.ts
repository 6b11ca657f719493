/**
 * Worker: takes a delivery into hands, runs it, and brings its end back. A consumer and a drain each have a number of
 * workers in one event loop, which claim together.
 *
 * @module
 */
import { Attempt, Interrupted, LeaseLost } from "./attempt.ts";
import type { Core } from "./core.ts";
import { describeError, TaskCanceled } from "./errors.ts";
import { type Hands, runHere } from "./hands.ts";
import { renewHold } from "./holds.ts";
import { log } from "./log.ts";
import { Prefetch } from "./prefetch.ts";
import type { Claimer } from "./pump.ts";
import { idMark, revokedBy } from "./revoke.ts";
import type { Settled } from "./settle.ts";
import type { Delivery, Exchanged } from "./storage.ts";

const SHUTTING_DOWN = "The consumer is shutting down";

/** For {@linkcode Workers}. */
export interface WorkersOptions {
  /** What deliveries are run with. */
  hands: Hands;
  /** Whether more may be claimed than there are hands, while tasks take next to no time. @default {false} */
  prefetch?: boolean;
  /** How many deliveries may still be begun; absent: any number. */
  quota?: () => number;
  /** No task is begun whose timeout would take it past this instant, in epoch milliseconds. */
  deadline?: number;
  /** Called with the answer to each request that claimed. */
  onClaimed?: (answer: Exchanged, wanted: number) => void;
  /** Called when such a request has failed. */
  onFailed?: (error: unknown) => void;
  /** Called when a delivery was run, or not, and is to be settled. */
  onExecuted?: () => void;
  /** Called when a delivery was put aside, since its timeout would take it past the deadline. */
  onParked?: () => void;
  /** Called when a delivery has come to its end here. */
  onSettled?: (settled: Settled, started: boolean) => void;
}

/** A number of workers that claim together. */
export class Workers implements Claimer {
  readonly lease: number;
  readonly #core: Core;
  readonly #options: WorkersOptions;
  readonly #held = new Map<string, Attempt>();
  readonly #ended = new AbortController();
  readonly #prefetch: Prefetch | undefined;
  #accepting = false;
  #parked = 0;
  #executing = 0;
  #ending = 0;
  #detach: () => void = () => {};
  #onIdle: () => void = () => {};

  /** Workers that do nothing before {@linkcode start}. */
  constructor(core: Core, options: WorkersOptions) {
    this.#core = core;
    this.#options = options;
    this.lease = core.settings.lease;
    if (options.prefetch) this.#prefetch = new Prefetch(options.hands, core.clock);
  }

  /** How many deliveries are in hands, those put aside apart. */
  get busy(): number {
    return this.#held.size - this.#parked;
  }

  /** How many are being run, those put aside apart; the others are only to be settled. */
  get executing(): number {
    return this.#executing - this.#parked;
  }

  get soon(): number {
    const prefetch = this.#prefetch;
    // While an embedded storage works nothing can end, so what ended apart would never come together again by itself.
    if (this.#core.storage.isEmbedded) return prefetch?.isFast ? this.#held.size - this.#ending : 0;
    return prefetch?.isOn ? this.executing + prefetch.waiting : 0;
  }

  /** Begins to claim. */
  start(): void {
    this.#accepting = true;
    this.#detach = this.#core.pump.attach(this);
    void this.#keepLeases();
    this.#core.pump.poke();
  }

  /** Claims no more; what is in hands goes on. */
  pause(): void {
    this.#accepting = false;
    this.#detach();
    this.#prefetch?.giveBack(SHUTTING_DOWN);
  }

  /** Aborts what is in hands, so that it is given back. */
  interrupt(): void {
    this.#parked = 0;
    for (const attempt of this.#held.values()) attempt.abort(new Interrupted(SHUTTING_DOWN));
  }

  /** Resolves when nothing is in hands. */
  async idle(): Promise<void> {
    while (this.#held.size > 0) await new Promise<void>((resolve) => this.#onIdle = resolve);
  }

  /** Lets go of everything. What is still in hands is left to its lease. */
  end(): void {
    this.pause();
    this.#ended.abort();
  }

  wants(): number {
    if (!this.#accepting) return 0;
    return Math.min(this.#options.hands.free + (this.#prefetch?.room ?? 0), this.#options.quota?.() ?? Infinity);
  }

  asked(): void {
    this.#prefetch?.asked();
  }

  claimed(answer: Exchanged, wanted: number, took: number): void {
    this.#prefetch?.answered(answer.deliveries.length === wanted, this.executing, took);
    // A worker that was started afresh is free without having run anything.
    this.#prefetch?.next();
    for (const delivery of answer.deliveries) void this.#work(delivery);
    this.#options.onClaimed?.(answer, wanted);
  }

  failed(error: unknown): void {
    this.#options.onFailed?.(error);
  }

  async #work(delivery: Delivery): Promise<void> {
    const core = this.#core;
    let hand = this.#options.hands.take();
    const attempt = new Attempt(delivery, this.#options.deadline, () => {
      this.#parked++;
      hand?.release();
      hand = undefined;
      this.#options.onParked?.();
    });
    this.#held.set(delivery.receipt, attempt);
    if (!hand && this.#accepting) hand = await this.#prefetch?.turn(attempt);
    // Claimed for us before we stopped claiming, or for a hand that has gone: back with it.
    if (!this.#accepting || !hand) attempt.abort(new Interrupted(SHUTTING_DOWN));

    this.#executing++;
    const began = core.clock.now();
    const settle = await (hand && !attempt.reason ? hand.run(attempt) : runHere(core, attempt));
    this.#executing--;
    this.#ending++;
    this.#prefetch?.took(core.clock.now() - began);
    const settling = settle();
    // Free from here on: the request that settles this one claims the next.
    hand?.release();
    this.#prefetch?.next();
    this.#options.onExecuted?.();
    const settled = await settling;
    this.#ending--;
    this.#held.delete(delivery.receipt);
    this.#options.onSettled?.(settled, attempt.started);
    // What was lost has no settlement, so nothing has claimed for its worker.
    if (settled === "lost") this.#core.pump.poke();
    if (this.#held.size === 0) this.#onIdle();
  }

  /** Renews what is in hands, three times per lease, and learns in the answer what was lost or revoked meanwhile. */
  async #keepLeases(): Promise<void> {
    const { clock, storage, storageTime } = this.#core;
    const signal = this.#ended.signal;
    while (true) {
      await clock.sleep(this.lease / 3, signal).catch(() => {});
      if (signal.aborted) return;
      if (this.#held.size === 0 || this.#core.meter.isClosed) continue;
      try {
        const { lost, revoked } = await storage.renew([...this.#held.keys()], this.lease, storageTime());
        for (const receipt of lost) {
          this.#held.get(receipt)?.abort(new LeaseLost("The lease was lost to another worker"));
        }
        for (const { receipt, marks } of revoked) await this.#revoke(receipt, marks);
        const holds = [...this.#held.values()].flatMap(({ holds }) => holds);
        await Promise.all(holds.map((hold) => renewHold(this.#core, hold, this.lease)));
      } catch (error) {
        log("worker")?.warn("Could not renew the leases of {count} tasks: {error}", {
          count: this.#held.size,
          error: describeError(error),
        });
      }
    }
  }

  /** A mark on a task that is running ends it; a mark on its name is for those that have not begun. */
  async #revoke(receipt: string, marks: { key: string; value: string }[]): Promise<void> {
    const attempt = this.#held.get(receipt);
    if (!attempt) return;
    const { id } = attempt.delivery.message;
    const stopped = await revokedBy(this.#core, id, marks.filter(({ key }) => key === idMark(id)));
    if (stopped) attempt.abort(new TaskCanceled(stopped.status, id), stopped);
  }
}
