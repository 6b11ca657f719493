/**
 * Execute: one delivery, from what was handed out to how it ended. Nothing is written here; what an ending means for the
 * storage is decided in settle.
 *
 * @module
 */
import { admit, type Needs, needsOf, type Refusal } from "./admit.ts";
import { type Attempt, LeaseLost } from "./attempt.ts";
import { createContext } from "./context.ts";
import type { Core } from "./core.ts";
import {
  CancelExecution,
  ConfigurationError,
  describeError,
  RateLimitExceeded,
  RetryTask,
  TaskCanceled,
  TaskLockedException,
  TaskTimeout,
} from "./errors.ts";
import { readParts } from "./follow.ts";
import { log } from "./log.ts";
import { toListedTask, toTask } from "./message.ts";
import type { Definition } from "./registry.ts";
import { isPromise } from "./ready.ts";
import { type Revoked, revokedBy } from "./revoke.ts";
import { type Tick, tick } from "./schedules.ts";
import { fit, ValidationError } from "./schema.ts";
import {
  type Signal,
  SIGNAL_CANCELED,
  SIGNAL_ERROR,
  SIGNAL_EXECUTING,
  SIGNAL_LOCKED,
  SIGNAL_RATE_LIMITED,
  SIGNAL_REDELIVERED,
  SIGNAL_TIMEOUT,
} from "./signals.ts";
import { Task } from "./task.ts";

/** How a delivery ended. */
export type Ending =
  /** The function returned. */
  | { kind: "complete"; value: unknown }
  /** The function threw, or took too long; it may be retried. */
  | { kind: "failed"; error: unknown; signal: Signal | undefined }
  /** The task is not to run (any more). */
  | ({ kind: "stopped"; error?: unknown } & Revoked)
  /** Nobody can run this; a person has to look at it. */
  | { kind: "dead"; reason: string; error?: unknown }
  /** It was the mark of a schedule. */
  | { kind: "ticked"; tick: Tick }
  /** Not begun: it has to wait for a lock or a limit. */
  | { kind: "waiting"; refusal: Refusal }
  /** Given back, as this process cannot finish it: at once, or to be tried again after `delay` milliseconds. */
  | { kind: "released"; delay?: number }
  /** Somebody else has it by now. */
  | { kind: "lost" };

/** Who could not begin would be handed the task again at once, and again: so long is it left alone, in milliseconds. */
const PAUSE = 1_000;

/** A delivery's task, and how it ended. */
export interface Executed {
  task: Task;
  ending: Ending;
}

/** Runs what a delivery holds. Never throws. */
export async function execute(core: Core, attempt: Attempt): Promise<Executed> {
  const { message, parts } = attempt.delivery;
  let task: Task;
  try {
    task = await toTask(core, message);
    if (parts) task = new Task({ ...task.fields, args: [...task.args, await readParts(core, parts)] });
  } catch (error) {
    return {
      task: await toListedTask(core, message),
      ending: { kind: "dead", reason: "its message cannot be decoded", error },
    };
  }
  try {
    return { task, ending: await begin(core, task, attempt) };
  } catch (error) {
    log("worker")?.warn("Could not begin task {name} {id}, giving it back: {error}", {
      name: task.name,
      id: task.id,
      error: describeError(error),
    });
    return { task, ending: { kind: "released", delay: PAUSE } };
  }
}

async function begin(core: Core, task: Task, attempt: Attempt): Promise<Ending> {
  const { deliveries, revoked } = attempt.delivery;
  const { settings, changes, schedule } = task.fields;
  if (schedule !== undefined) return await beginTick(core, task, attempt);
  const definition = core.registry.get(task.name);
  if (!definition) {
    return { kind: "dead", reason: `there is no task named ${JSON.stringify(task.name)} in this program` };
  }
  if (deliveries > 1) core.signals.send(SIGNAL_REDELIVERED, task);
  const reason = whyDead(core, task, deliveries);
  if (reason !== undefined) return { kind: "dead", reason };
  const stopped = revoked && await revokedBy(core, task.id, revoked);
  if (stopped) return { kind: "stopped", ...stopped };
  const now = core.clock.now();
  if (task.expires !== undefined && task.expires < now) return { kind: "stopped", status: "expired", writes: [] };
  if (now + (changes.timeout ?? settings.timeout) > attempt.deadline) await attempt.park();
  if (attempt.reason) return { kind: "released" };
  let { args } = task;
  let needs: Needs | undefined;
  try {
    // A value or an error that the function does not want may have come after its arguments.
    if (settings.schema) args = await fit(task.name, settings.schema, args.slice(0, settings.schema.length));
    needs = needsOf(task);
  } catch (error) {
    if (!(error instanceof ValidationError)) return thrown(error);
    return { kind: "dead", reason: "its arguments do not fit its schema", error };
  }
  const refusal = needs && await admit(core, needs, task, attempt);
  if (refusal) return { kind: "waiting", refusal };

  attempt.start(changes.timeout ?? settings.timeout);
  core.signals.send(SIGNAL_EXECUTING, task);
  const canceled = await core.hooks.preExecute(task);
  if (canceled) return { kind: "stopped", status: "canceled", error: canceled, writes: [] };
  const ending = await run(core, definition, task, args, attempt);
  if (ending.kind === "complete") await core.hooks.postExecute(task, ending.value, undefined);
  if (ending.kind === "failed" || ending.kind === "stopped") {
    await core.hooks.postExecute(task, undefined, ending.error);
  }
  return ending;
}

/** Why a task that was handed out so often must not be begun again, if so. */
function whyDead(core: Core, task: Task, deliveries: number): string | undefined {
  if (deliveries <= 1) return;
  if (isAtMostOnce(core, task)) return "its worker died, and it must be delivered at most once";
  if (deliveries > core.settings.maxDeliveries) {
    return `it was handed out ${deliveries - 1} times, and nobody came back with it`;
  }
}

async function beginTick(core: Core, task: Task, { delivery }: Attempt): Promise<Ending> {
  try {
    return { kind: "ticked", tick: await tick(core, task, delivery.message) };
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof RangeError)) throw error;
    return { kind: "dead", reason: "its schedule cannot be read", error };
  }
}

/** Whether a task may be run a second time after its worker died with it. */
export function isAtMostOnce(core: Core, task: Task): boolean {
  return (task.fields.settings.delivery ?? core.settings.delivery) === "at-most-once";
}

async function run(
  core: Core,
  { fn, settings }: Definition,
  task: Task,
  given: readonly unknown[],
  attempt: Attempt,
): Promise<Ending> {
  const timeout = task.fields.changes.timeout ?? settings.timeout;
  const finished = timeout > 0 ? new AbortController() : undefined;
  if (finished) limit(core, attempt, timeout, finished.signal);
  try {
    const args = settings.context ? [createContext(core, task, attempt), ...given] : given;
    const go = (): unknown => {
      const returned = (fn as (...args: unknown[]) => unknown)(...args);
      return isPromise(returned) ? Promise.race([returned, attempt.aborted]) : returned;
    };
    return {
      kind: "complete",
      value: await (core.interceptor ? core.interceptor.run(task, async () => await go()) : go()),
    };
  } catch (error) {
    return attempt.reason ? aborted(attempt) : thrown(error);
  } finally {
    // With a reason: an error with its stack would be made otherwise, and nobody reads it.
    finished?.abort(0);
  }
}

/** Aborts the attempt after its timeout, unless it has finished by then. */
export function limit(core: Core, attempt: Attempt, timeout: number, finished: AbortSignal): void {
  const { name, id } = attempt.delivery.message;
  core.clock.sleep(timeout, finished).then(
    () => attempt.abort(new TaskTimeout(`Task ${name} ${id} took longer than its timeout of ${timeout} ms`)),
    () => {},
  );
}

/** How an attempt ends that was aborted. */
export function aborted({ reason, revoked }: Attempt): Ending {
  if (reason instanceof TaskTimeout) return { kind: "failed", error: reason, signal: SIGNAL_TIMEOUT };
  if (reason instanceof TaskCanceled) return { kind: "stopped", status: reason.status, error: reason, ...revoked };
  if (reason instanceof LeaseLost) return { kind: "lost" };
  return { kind: "released" };
}

function thrown(error: unknown): Ending {
  return { kind: "failed", error, signal: signalOf(error) };
}

/** The signal of a failure; asking for a retry is none. */
function signalOf(error: unknown): Signal | undefined {
  if (error instanceof RetryTask) return undefined;
  if (error instanceof CancelExecution) return SIGNAL_CANCELED;
  if (error instanceof TaskLockedException) return SIGNAL_LOCKED;
  if (error instanceof RateLimitExceeded) return SIGNAL_RATE_LIMITED;
  return SIGNAL_ERROR;
}
