/**
 * What stands between a task and its start: the lock, the limit of concurrency and the rate limit in its options. They
 * are looked at before a worker is spent; a task that has to wait goes back to the schedule, which costs it no retry.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Core } from "./core.ts";
import { freeHold, takeHold } from "./holds.ts";
import type { Rate } from "./rate.ts";
import { type Booking, startOrBook } from "./rate_limit.ts";
import { type Signal, SIGNAL_LOCKED, SIGNAL_RATE_LIMITED } from "./signals.ts";
import type { Task } from "./task.ts";
import { show } from "./time.ts";

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

/** The names of what a task needs to start. */
export interface Needs {
  lock?: string;
  places?: string[];
  rate?: Rate & { name: string };
}

/**
 * What the task needs to start, or nothing, as most tasks do. The names come from the user's own functions.
 *
 * @throws what these throw, and {TypeError} if a name is no text.
 */
export function needsOf(
  { name, args, fields: { settings: { lock, concurrency, rateLimit } } }: Task,
): Needs | undefined {
  if (!lock && !concurrency && !rateLimit) return undefined;
  const named = (option: string, key: (...args: readonly unknown[]) => string): string => {
    const text = key(...args);
    if (typeof text === "string") return text;
    throw new TypeError(`'${option}' of task ${name} must give a string: it gave ${show(text)}`);
  };
  const needs: Needs = {};
  if (lock) needs.lock = named("lock", lock);
  if (concurrency) {
    const key = named("concurrency.key", concurrency.key);
    needs.places = Array.from({ length: concurrency.limit }, (_, place) => `busy:${name}:${key}:${place}`);
  }
  if (rateLimit) needs.rate = { ...rateLimit, name: `task:${name}:${named("rateLimit.key", rateLimit.key)}` };
  return needs;
}

/** Takes what the task needs into the attempt's hands; gives nothing if the task may start. */
export async function admit(
  core: Core,
  { lock, places, rate }: Needs,
  task: Task,
  attempt: Attempt,
): Promise<Refusal | undefined> {
  const pause = PAUSE.least + Math.round(PAUSE.more * core.random());
  if (lock !== undefined && !await hold(core, attempt, "locks", [lock])) {
    return await refuse(core, attempt, { signal: SIGNAL_LOCKED, delay: pause });
  }
  if (places && !await hold(core, attempt, "limits", places)) {
    return await refuse(core, attempt, { signal: SIGNAL_LOCKED, delay: pause });
  }
  if (rate) {
    const booking = await startOrBook(core, rate.name, rate, task.fields.booking);
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
