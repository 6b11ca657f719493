/**
 * One delivery while it is in a worker's hands, and how it can be ended from outside: by its timeout, a revocation, a
 * shutdown or the loss of its lease.
 *
 * @module
 */
import { HueyError, type TaskCanceled, type TaskTimeout } from "./errors.ts";
import type { Hold } from "./holds.ts";
import type { Revoked } from "./revoke.ts";
import type { Delivery } from "./storage.ts";

/** The reason of an abort by shutdown: the task is given back. */
export class Interrupted extends HueyError {
  /** The class's name; survives minification. */
  override name = "Interrupted";
}

/** The reason of an abort because somebody else has the task by now: whatever it does here does not count. */
export class LeaseLost extends HueyError {
  /** The class's name; survives minification. */
  override name = "LeaseLost";
}

/** Why an attempt was ended from outside. */
export type AbortReason = TaskTimeout | TaskCanceled | Interrupted | LeaseLost;

/** One delivery while it is in a worker's hands. */
export class Attempt {
  /** What was handed out. */
  readonly delivery: Delivery;
  /** It must not be begun if its timeout would take it past this instant, in epoch milliseconds. */
  readonly deadline: number;
  /** Of one that was revoked: what else its end brings with it. */
  revoked: Pick<Revoked, "writes" | "moved"> = { writes: [] };
  /** Locks and places that the task has while it runs: renewed with the lease, given back with the settlement. */
  readonly holds: Hold[] = [];
  /** Called, with the timeout, when the function is about to be begun. */
  onStarted: ((timeout: number) => void) | undefined;
  /** Called when the attempt is aborted while it waits for a worker. */
  onAborted: (() => void) | undefined;
  #started = false;
  #reason: AbortReason | undefined;
  #controller: AbortController | undefined;
  #aborted: PromiseWithResolvers<never> | undefined;
  readonly #onParked: (() => void) | undefined;

  /** Takes a delivery into hands. */
  constructor(delivery: Delivery, deadline: number = Infinity, onParked?: () => void) {
    this.delivery = delivery;
    this.deadline = deadline;
    this.#onParked = onParked;
  }

  /** Whether the function was begun. */
  get started(): boolean {
    return this.#started;
  }

  /** The function is about to be begun. */
  start(timeout: number): void {
    this.#started = true;
    this.onStarted?.(timeout);
  }

  /** Why it was aborted, if it was. */
  get reason(): AbortReason | undefined {
    return this.#reason;
  }

  /**
   * Rejects when the attempt is aborted, so that a function that does not listen does not hold up its worker. This and
   * the signal are made only for those who ask, as most tasks never do.
   */
  get aborted(): Promise<never> {
    if (!this.#aborted) {
      this.#aborted = Promise.withResolvers();
      this.#aborted.promise.catch(() => {});
      if (this.#reason) this.#aborted.reject(this.#reason);
    }
    return this.#aborted.promise;
  }

  /** Aborted together with the attempt. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /**
   * Puts the delivery aside until it is aborted: it cannot be begun here, and were it given back at once, the next claim
   * would bring it again, and nothing that is behind it.
   */
  async park(): Promise<void> {
    this.#onParked?.();
    await this.aborted.catch(() => {});
  }

  /** Ends the attempt; the first reason counts. */
  abort(reason: AbortReason, revoked: Attempt["revoked"] = this.revoked): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.revoked = revoked;
    this.#controller?.abort(reason);
    this.#aborted?.reject(reason);
    this.onAborted?.();
  }
}
