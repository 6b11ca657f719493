/**
 * Result: the caller's handle on the outcome of a task.
 *
 * @module
 */
import { Callable } from "./callable.ts";
import type { Core } from "./core.ts";
import { ResultTimeout } from "./errors.ts";
import { toTask } from "./message.ts";
import { type Outcome, type OutcomeStatus, readOutcome, valueOf } from "./outcome.ts";
import { reschedule } from "./reschedule.ts";
import { idMark, isRevoked, restore, revoke, type RevokeOptions } from "./revoke.ts";
import type { Task } from "./task.ts";
import type { CallOptions } from "./task_options.ts";
import { type Duration, toMilliseconds } from "./time.ts";
import { waitForKey } from "./wait.ts";

/** For {@linkcode Result.get}. */
export interface GetOptions {
  /** Whether to wait until the task has ended. @default {false} */
  blocking?: boolean;
  /** How long to wait at most; absent: as long as it takes. */
  timeout?: Duration;
  /** Ends the waiting: `get` rejects with its reason. */
  signal?: AbortSignal;
  /** Whether the outcome is kept after it was read, until its time-to-live ends. @default {true} */
  preserve?: boolean;
  /** Whether to revoke the task when `timeout` passes. @default {false} */
  revokeOnTimeout?: boolean;
}

/** What a task is doing, or how it has ended. */
export type Status = "scheduled" | "queued" | "running" | "retrying" | OutcomeStatus | "unknown";

/** A {@linkcode Result} can be called: `result()` is `result.get()`, and `result(true)` is `result.get({ blocking: true })`. */
export interface Result<R = unknown> {
  (blocking?: boolean): Promise<R | undefined>;
}

/** The handle on the outcome of a task. It is not a promise: awaiting it gives the handle, not the value. */
export class Result<R = unknown> extends Callable {
  /** The task. */
  readonly id: string;
  readonly #core: Core;
  /** The task, where the handle comes from a call. */
  readonly #task: Task | undefined;
  /** The outcome that `reset` has put behind us. */
  #passed: string | undefined;
  #seen: string | undefined;

  /** Made by the library: by calling a task function, or by `huey.result`. */
  constructor(core: Core, id: string, task?: Task) {
    super((blocking: boolean = false) => this.get({ blocking }));
    this.#core = core;
    this.id = id;
    this.#task = task;
  }

  /**
   * The value of the task; `undefined` if it has not finished and `blocking` is not set.
   *
   * @throws {TaskException} if the task has failed.
   * @throws {TaskCanceled} if the task was revoked, has expired or was cancelled.
   * @throws {ResultTimeout} if `timeout` has passed.
   */
  get(options: GetOptions & { blocking: true }): Promise<R>;
  /** The value of the task, or `undefined`. */
  get(options?: GetOptions): Promise<R | undefined>;
  async get(options: GetOptions = {}): Promise<R | undefined> {
    const { blocking = false, timeout, signal, preserve = true, revokeOnTimeout = false } = options;
    const limit = timeout === undefined ? undefined : toMilliseconds("timeout", timeout);
    // What was enqueued here a moment ago will hardly have ended: it is looked for when it can no longer be missed.
    const isToCome = blocking && this.#task !== undefined && this.#core.storage.waitForKey !== undefined;
    let text = isToCome ? undefined : await this.#read();
    if (text === undefined && blocking) {
      const waited = await waitForKey(this.#core, "results", this.id, () => this.#read(), {
        timeout: limit,
        signal,
        isOver: this.#core.settings.results ? undefined : () => this.#isGone(),
      });
      if (waited === "timeout") {
        if (revokeOnTimeout) await this.revoke({ once: true });
        throw new ResultTimeout(`Task ${this.id} has not ended within ${limit} ms`);
      }
      if (waited !== "over") text = waited.value;
    }
    if (text === undefined) return undefined;
    const outcome = await readOutcome(this.#core, text);
    if (!preserve) {
      await this.#core.storage.delete("results", this.id, { ifValue: text, now: this.#core.storageTime() });
    }
    return valueOf(outcome, this.id) as R;
  }

  /** Whether the task has ended, so that `get` has something to give or to throw. */
  async isReady(): Promise<boolean> {
    return await this.#read() !== undefined;
  }

  /** What the task is doing, or how it has ended. A dead letter has ended with `error`. */
  async status(): Promise<Status> {
    const now = this.#core.storageTime();
    const ended = await this.#outcome();
    if (ended && !ended.intermediate) return ended.status;
    const found = await this.#core.storage.find(this.id, now);
    if (found?.state === "dead") return "error";
    if (found?.state === "running") return "running";
    if (found) {
      const attempt = await toTask(this.#core, found.message).then((task) => task.attempt, () => 1);
      return attempt > 1 ? "retrying" : found.state === "queued" ? "queued" : "scheduled";
    }
    // It may have ended while we looked for it where it was before.
    return (await this.#outcome())?.status ?? "unknown";
  }

  /** What the task last said with `context.progress`. */
  async progress(): Promise<unknown> {
    const [text] = await this.#core.storage.peek("progress", [this.id], this.#core.storageTime());
    return text === undefined ? undefined : await this.#core.serializer.decode(text);
  }

  /** Forgets the outcome that was read: the next read waits for a newer one, as that of a retry. */
  reset(): void {
    this.#passed = this.#seen;
  }

  /**
   * Revokes the task, and enqueues the same call under a new id, with other options: without `delay` and `eta`, as soon
   * as possible. Gives the handle on the new one.
   *
   * @throws {HueyError} if the handle does not come from a call, and the task has ended: nobody knows its arguments any more.
   */
  async reschedule(options: Omit<CallOptions, "id"> = {}): Promise<Result<R>> {
    const { id, task } = await reschedule(this.#core, this.id, this.#task, options);
    return new Result<R>(this.#core, id, task);
  }

  /** Revokes the task: it will not run, or, if it is running, its `signal` is aborted. */
  revoke(options?: RevokeOptions): Promise<void> {
    return revoke(this.#core, idMark(this.id), options);
  }

  /** Takes a revocation back; tells whether there was one. */
  restore(): Promise<boolean> {
    return restore(this.#core, idMark(this.id));
  }

  /** Whether the task is revoked. */
  isRevoked(): Promise<boolean> {
    return isRevoked(this.#core, [idMark(this.id)]);
  }

  async #read(): Promise<string | undefined> {
    const [text] = await this.#core.storage.peek("results", [this.id], this.#core.storageTime());
    if (text === undefined || text === this.#passed) return undefined;
    return this.#seen = text;
  }

  async #outcome(): Promise<Outcome | undefined> {
    const text = await this.#read();
    return text === undefined ? undefined : await readOutcome(this.#core, text);
  }

  async #isGone(): Promise<boolean> {
    return await this.#core.storage.find(this.id, this.#core.storageTime()) === undefined;
  }
}
