/**
 * What stands between a task and its start: the lock, the limit of concurrency and the rate limit in its options. They
 * are looked at before a worker is spent; a task that has to wait goes back to the schedule, which costs it no retry.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Core } from "./core.ts";
import { freeHold, takeHold } from "./holds.ts";
import { type Booking, startOrBook } from "./rate_limit.ts";
import { type Signal, SIGNAL_LOCKED, SIGNAL_RATE_LIMITED } from "./signals.ts";
import type { Task } from "./task.ts";
import type { TaskSettings } from "./task_options.ts";

/** Why a task has to wait, and for how long. */
export interface Refusal {
  /** Sent the first time the task has to wait. */
  signal: Signal;
  /** Milliseconds. */
  delay: number;
  /** The start that it was promised. */
  booking?: Booking;
}

/** Nobody can say when a lock will be free: how long to wait before asking again, and how much more by chance. */
const PAUSE = { least: 200, more: 300 };

/** Whether there is anything to look at: most tasks have no limits. */
export function isLimited({ lock, concurrency, rateLimit }: TaskSettings): boolean {
  return lock !== undefined || concurrency !== undefined || rateLimit !== undefined;
}

/** Takes what the task needs into the attempt's hands; gives nothing if the task may start. */
export async function admit(core: Core, task: Task, attempt: Attempt): Promise<Refusal | undefined> {
  const { lock, concurrency, rateLimit } = task.fields.settings;
  const pause = PAUSE.least + Math.round(PAUSE.more * core.random());
  if (lock && !await hold(core, attempt, "locks", [lock(...task.args)])) {
    return await refuse(core, attempt, { signal: SIGNAL_LOCKED, delay: pause });
  }
  if (concurrency) {
    const name = `busy:${task.name}:${concurrency.key(...task.args)}`;
    const places = Array.from({ length: concurrency.limit }, (_, place) => `${name}:${place}`);
    if (!await hold(core, attempt, "limits", places)) {
      return await refuse(core, attempt, { signal: SIGNAL_LOCKED, delay: pause });
    }
  }
  if (rateLimit) {
    const name = `task:${task.name}:${rateLimit.key(...task.args)}`;
    const booking = await startOrBook(core, name, rateLimit, task.fields.booking);
    if (booking) {
      const delay = Math.max(1, booking.at - core.clock.now());
      return await refuse(core, attempt, { signal: SIGNAL_RATE_LIMITED, delay, booking });
    }
  }
}

async function hold(core: Core, attempt: Attempt, space: "locks" | "limits", keys: string[]): Promise<boolean> {
  const taken = await takeHold(core, space, keys, core.settings.lease);
  if (taken) attempt.holds.push(taken);
  return taken !== undefined;
}

/** Nothing is held while waiting for something else. */
async function refuse(core: Core, attempt: Attempt, refusal: Refusal): Promise<Refusal> {
  await Promise.all(attempt.holds.splice(0).map((held) => freeHold(core, held)));
  return refusal;
}
