import { describeError } from "../errors.ts";
import type { Huey } from "../huey.ts";
import type { Schedule } from "../crontab.ts";

/** A schedule, and the next instants at which it runs. */
export interface NextSlots {
  /** Of the periodic task, or of the schedule that was made at run time. */
  name: string;
  /** The task that it runs. */
  task: string;
  /** The IANA zone in which it counts. */
  timeZone: string;
  /** Epoch milliseconds; empty if it never runs again. */
  at: number[];
  /** Why it does not run, or why nobody knows when it does. */
  problem?: string;
}

/** The next slots of each periodic task, and of each schedule that was made at run time, the soonest first. */
export async function nextSlots(huey: Huey, count: number): Promise<NextSlots[]> {
  const { registry, clock } = huey.core;
  const now = clock.now();
  const periodic = registry.list().flatMap(({ name, schedule }) =>
    schedule ? [{ name, task: name, ...slotsOf(schedule, now, count) }] : []
  );
  const made = (await huey.schedules.list()).map(({ name, schedule, task, paused }) => ({
    name,
    task: task.name,
    ...paused ? { ...slotsOf(schedule, now, 0), problem: "paused" } : slotsOf(schedule, now, count),
  }));
  return [...periodic, ...made].sort((a, b) => (a.at[0] ?? Infinity) - (b.at[0] ?? Infinity));
}

function slotsOf(schedule: Schedule, now: number, count: number): Omit<NextSlots, "name" | "task"> {
  const timeZone = "timeZone" in schedule && typeof schedule.timeZone === "string" ? schedule.timeZone : "UTC";
  const at: number[] = [];
  try {
    while (at.length < count) {
      const next = schedule.next(at.at(-1) ?? now);
      if (next === undefined) break;
      at.push(next);
    }
  } catch (error) {
    return { timeZone, at, problem: `its schedule fails: ${describeError(error)}` };
  }
  return { timeZone, at };
}
