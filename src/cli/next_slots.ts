import { describeError } from "../errors.ts";
import type { Huey } from "../huey.ts";
import type { Definition } from "../registry.ts";

/** A schedule, and the next instants at which it runs. */
export interface NextSlots {
  /** Of the periodic task. */
  name: string;
  /** The IANA zone in which it counts. */
  timeZone: string;
  /** Epoch milliseconds; empty if it never runs again. */
  at: number[];
  /** Why nobody knows when it runs, if nobody does. */
  problem?: string;
}

/** The next slots of each periodic task, the soonest first. */
export function nextSlots({ core }: Huey, count: number): NextSlots[] {
  const now = core.clock.now();
  return core.registry.list().filter(({ schedule }) => schedule).map((definition) => slotsOf(definition, now, count))
    .sort((a, b) => (a.at[0] ?? Infinity) - (b.at[0] ?? Infinity));
}

function slotsOf({ name, schedule }: Definition, now: number, count: number): NextSlots {
  const timeZone = schedule && "timeZone" in schedule && typeof schedule.timeZone === "string"
    ? schedule.timeZone
    : "UTC";
  const slots: NextSlots = { name, timeZone, at: [] };
  try {
    while (slots.at.length < count) {
      const next = schedule!.next(slots.at.at(-1) ?? now);
      if (next === undefined) break;
      slots.at.push(next);
    }
  } catch (error) {
    slots.problem = `its schedule fails: ${describeError(error)}`;
  }
  return slots;
}
