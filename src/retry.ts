/**
 * Whether a failed attempt is followed by another, and when.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { CancelExecution, describeError, RateLimitExceeded, RetryTask } from "./errors.ts";
import { log } from "./log.ts";
import { Task } from "./task.ts";
import { toInstant, toMilliseconds } from "./time.ts";

/**
 * The task as it will run next, or `undefined` if it has failed for good. `RetryTask` costs no retry, and a time of its
 * own does not make later delays grow.
 */
export function nextAttempt(core: Core, task: Task, error: unknown): Task | undefined {
  const asked = error instanceof RetryTask || error instanceof RateLimitExceeded && error.retry;
  if (!asked && !isWorthIt(task, error)) return undefined;

  const { fields } = task;
  const retries = asked ? task.retries : Math.max(0, task.retries - 1);
  const next = {
    ...fields,
    booking: undefined,
    waited: undefined,
    attempt: task.attempt + 1,
    changes: { ...fields.changes, retries },
    eta: undefined,
  };
  if (error instanceof RetryTask && error.eta !== undefined) {
    return new Task({ ...next, eta: toInstant("eta", error.eta) });
  }
  if (error instanceof RetryTask && error.delay !== undefined) {
    return new Task({ ...next, delay: toMilliseconds("delay", error.delay) });
  }
  const delay = delayOf(core, task);
  if (error instanceof RateLimitExceeded) return new Task({ ...next, delay: Math.max(delay, error.delay) });
  return new Task(delay === 0 ? next : { ...next, delay, delays: (fields.delays ?? 0) + 1 });
}

function isWorthIt(task: Task, error: unknown): boolean {
  if (error instanceof CancelExecution && error.retry !== undefined) return error.retry;
  if (task.retries <= 0) return false;
  try {
    return task.fields.settings.retryIf(error);
  } catch (thrown) {
    log("worker")?.error("'retryIf' of task {name} failed, so {id} is not retried: {error}", {
      name: task.name,
      id: task.id,
      error: describeError(thrown),
    });
    return false;
  }
}

function delayOf(core: Core, task: Task): number {
  const { settings, changes, delays = 0 } = task.fields;
  const { retryDelay, retryBackoff, retryMaxDelay, retryJitter } = { ...settings, ...changes };
  const delay = Math.min(retryDelay * retryBackoff ** delays, retryMaxDelay);
  return Math.round(delay * (1 - retryJitter * core.random()));
}
