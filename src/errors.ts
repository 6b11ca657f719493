/**
 * Every error the library throws, one class per kind, so that callers tell them apart with `instanceof` and never by
 * their message.
 *
 * @module
 */
import { type Duration, type Instant, toInstant, toMilliseconds } from "./time.ts";

/** The root of all errors of this library. */
export class HueyError extends Error {
  /** The class's name; survives minification. */
  override name = "HueyError";
}

/** Something was set up wrongly: a duplicate task name, a crontab field that cannot be read. */
export class ConfigurationError extends HueyError {
  /** The class's name; survives minification. */
  override name = "ConfigurationError";
}

/** What is known of a failed task. */
export interface TaskFailure {
  /** The thrown error, as `name: message`. */
  error: string;
  /** The stack of the thrown error, if it had one. */
  traceback: string;
  /** How many retries were left. */
  retries: number;
  /** The task. */
  taskId: string;
}

/** Thrown by `Result.get` if the task has failed. `cause` keeps the name, message and stack of what the task threw. */
export class TaskException extends HueyError {
  /** The class's name; survives minification. */
  override name = "TaskException";
  /** What is known of the failure. */
  readonly metadata: TaskFailure;

  /** Made by the library; a task throws its own errors. */
  constructor(metadata: TaskFailure, cause?: unknown) {
    super(metadata.error, cause === undefined ? undefined : { cause });
    this.metadata = metadata;
  }
}

/** How a task can end without having run to its end. */
export type CanceledStatus = "revoked" | "expired" | "canceled";

/** Thrown by `Result.get` if the task was revoked, has expired or was cancelled, so that a blocking read always ends. */
export class TaskCanceled extends HueyError {
  /** The class's name; survives minification. */
  override name = "TaskCanceled";
  /** What happened to the task. */
  readonly status: CanceledStatus;
  /** The task. */
  readonly taskId: string;

  /** Made by the library. */
  constructor(status: CanceledStatus, taskId: string) {
    super(`Task ${taskId} was ${status === "expired" ? "not started before it expired" : status}`);
    this.status = status;
    this.taskId = taskId;
  }
}

/** Thrown by `Result.get({ blocking: true, timeout })` if nothing was there in time. */
export class ResultTimeout extends HueyError {
  /** The class's name; survives minification. */
  override name = "ResultTimeout";
}

/** The failure of a task that ran for longer than its `timeout`; also the reason its `signal` was aborted with. */
export class TaskTimeout extends HueyError {
  /** The class's name; survives minification. */
  override name = "TaskTimeout";
}

/** Thrown if a lock is held by somebody else. */
export class TaskLockedException extends HueyError {
  /** The class's name; survives minification. */
  override name = "TaskLockedException";
}

/** Thrown if a rate limit is used up. */
export class RateLimitExceeded extends HueyError {
  /** The class's name; survives minification. */
  override name = "RateLimitExceeded";
  /** After how many milliseconds there is a place again. */
  readonly delay: number;
  /** Whether a task that throws this is run again then, at the cost of no retry. */
  readonly retry: boolean;

  /** Also for limits of your own: thrown by a task, it is run again after `delay` milliseconds. */
  constructor(message: string, { delay = 0, retry = true }: { delay?: number; retry?: boolean } = {}) {
    super(message);
    this.delay = delay;
    this.retry = retry;
  }
}

/**
 * Thrown by a task that wants to run again, whatever its `retries`.
 *
 * @example
 * ```ts
 * import { Huey, RetryTask } from "@hq/huey";
 *
 * const huey = new Huey("docs");
 * huey.task("collect", (isReady: boolean) => {
 *   if (!isReady) throw new RetryTask({ delay: "5m", message: "the other side is not ready" });
 * });
 * ```
 */
export class RetryTask extends HueyError {
  /** The class's name; survives minification. */
  override name = "RetryTask";
  /** How long to wait; the task's own `retryDelay` if neither this nor `eta` is given. */
  readonly delay?: Duration;
  /** When to run again. */
  readonly eta?: Instant;

  /**
   * When to run again, and why.
   *
   * @throws {TypeError | RangeError} for a time that cannot be.
   */
  constructor(options: { delay?: Duration; eta?: Instant; message?: string } = {}) {
    super(options.message ?? "The task asked to be run again");
    // Checked here, where the mistake is made, and not when nobody is left to hear of it.
    if (options.delay !== undefined) toMilliseconds("delay", options.delay);
    if (options.eta !== undefined) toInstant("eta", options.eta);
    this.delay = options.delay;
    this.eta = options.eta;
  }
}

/**
 * Thrown by a task, or by a `preExecute` hook, that should not go on.
 *
 * @example
 * ```ts
 * import { CancelExecution, Huey } from "@hq/huey";
 *
 * const huey = new Huey("docs");
 * huey.task("ship", (isWithdrawn: boolean) => {
 *   if (isWithdrawn) throw new CancelExecution({ retry: false, message: "the order was withdrawn" });
 * });
 * ```
 */
export class CancelExecution extends HueyError {
  /** The class's name; survives minification. */
  override name = "CancelExecution";
  /** `true`: retried at least once; `false`: not retried; absent: as for any failure. */
  readonly retry?: boolean;

  /** Whether to retry, and why. */
  constructor(options: { retry?: boolean; message?: string } = {}) {
    super(options.message ?? "The task cancelled itself");
    this.retry = options.retry;
  }
}

/** An error as text that is safe to keep: its name and message, without what it may carry besides. Never throws. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${toText(error.name)}: ${toText(error.message)}` : toText(error);
}

/** Anything as text, also what has none. */
export function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
