/**
 * Signals: something happened to a task. Handlers only watch; hooks are what may change what happens.
 *
 * @module
 */
import { describeError } from "./errors.ts";
import { log } from "./log.ts";
import type { Task } from "./task.ts";
import { show } from "./time.ts";

/** The task was added to the queue. */
export const SIGNAL_ENQUEUED = "enqueued";
/** The task was added to the schedule. */
export const SIGNAL_SCHEDULED = "scheduled";
/** A worker begins with the task. */
export const SIGNAL_EXECUTING = "executing";
/** The task has succeeded, and its result can be read. */
export const SIGNAL_COMPLETE = "complete";
/** An attempt has failed. */
export const SIGNAL_ERROR = "error";
/** An attempt took longer than its `timeout`. */
export const SIGNAL_TIMEOUT = "timeout";
/** The task will run again. */
export const SIGNAL_RETRYING = "retrying";
/** The task was cancelled, by itself, by a hook or by `huey.cancel`. */
export const SIGNAL_CANCELED = "canceled";
/** The task was revoked and will not run. */
export const SIGNAL_REVOKED = "revoked";
/** The task was not started before it expired. */
export const SIGNAL_EXPIRED = "expired";
/** The task could not have the lock it wants. */
export const SIGNAL_LOCKED = "locked";
/** The task's rate limit is used up. */
export const SIGNAL_RATE_LIMITED = "rate-limited";
/** The task was aborted by a shutdown and given back. */
export const SIGNAL_INTERRUPTED = "interrupted";
/** The task was handed out again, since whoever held it let its lease lapse. */
export const SIGNAL_REDELIVERED = "redelivered";
/** The task became a dead letter: it will not run again by itself. */
export const SIGNAL_DEAD = "dead";

/** The name of something that can happen to a task. */
export type Signal =
  | typeof SIGNAL_ENQUEUED
  | typeof SIGNAL_SCHEDULED
  | typeof SIGNAL_EXECUTING
  | typeof SIGNAL_COMPLETE
  | typeof SIGNAL_ERROR
  | typeof SIGNAL_TIMEOUT
  | typeof SIGNAL_RETRYING
  | typeof SIGNAL_CANCELED
  | typeof SIGNAL_REVOKED
  | typeof SIGNAL_EXPIRED
  | typeof SIGNAL_LOCKED
  | typeof SIGNAL_RATE_LIMITED
  | typeof SIGNAL_INTERRUPTED
  | typeof SIGNAL_REDELIVERED
  | typeof SIGNAL_DEAD;

const SIGNALS: readonly Signal[] = [
  SIGNAL_ENQUEUED,
  SIGNAL_SCHEDULED,
  SIGNAL_EXECUTING,
  SIGNAL_COMPLETE,
  SIGNAL_ERROR,
  SIGNAL_TIMEOUT,
  SIGNAL_RETRYING,
  SIGNAL_CANCELED,
  SIGNAL_REVOKED,
  SIGNAL_EXPIRED,
  SIGNAL_LOCKED,
  SIGNAL_RATE_LIMITED,
  SIGNAL_INTERRUPTED,
  SIGNAL_REDELIVERED,
  SIGNAL_DEAD,
];

/** Called when a signal is sent. What it throws is logged; nothing waits for it. */
export type SignalHandler = (signal: Signal, task: Task, error?: unknown) => void | Promise<void>;

/** The handlers of one Huey instance. */
export class Signals {
  readonly #handlers: { handler: SignalHandler; names?: ReadonlySet<Signal> }[] = [];
  readonly #running = new Set<Promise<void>>();

  /** Adds a handler for these signals, or for all; gives the function that removes it. */
  connect(names: Signal | readonly Signal[] | undefined, handler: SignalHandler): () => void {
    if (typeof handler !== "function") {
      throw new TypeError(`A signal handler must be a function: it is ${show(handler)}`);
    }
    const wanted = names === undefined ? undefined : new Set(typeof names === "string" ? [names] : names);
    for (const name of wanted ?? []) {
      if (!SIGNALS.includes(name)) {
        throw new TypeError(`There is no signal named ${show(name)}: there are ${SIGNALS.join(", ")}`);
      }
    }
    const entry = { handler, names: wanted };
    this.#handlers.push(entry);
    return () => {
      const at = this.#handlers.indexOf(entry);
      if (at >= 0) this.#handlers.splice(at, 1);
    };
  }

  /** Calls the handlers, those for this very signal first, each on its own. */
  send(signal: Signal, task: Task, error?: unknown): void {
    if (this.#handlers.length === 0) return;
    const specific = this.#handlers.filter(({ names }) => names?.has(signal));
    const general = this.#handlers.filter(({ names }) => names === undefined);
    for (const { handler } of [...specific, ...general]) this.#call(handler, signal, task, error);
  }

  /** Resolves when the handlers that are still at work have ended. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #call(handler: SignalHandler, signal: Signal, task: Task, error: unknown): void {
    try {
      const pending = handler(signal, task, error);
      if (pending === undefined) return;
      const running = Promise.resolve(pending).catch((thrown) => logFailure(signal, task, thrown)).finally(() =>
        this.#running.delete(running)
      );
      this.#running.add(running);
    } catch (thrown) {
      logFailure(signal, task, thrown);
    }
  }
}

function logFailure(signal: Signal, task: Task, thrown: unknown): void {
  log("signals")?.error("A handler of the signal {signal} failed for task {name} {id}: {error}", {
    signal,
    name: task.name,
    id: task.id,
    error: describeError(thrown),
  });
}
