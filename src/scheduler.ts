/**
 * Scheduler: offers the slots of periodic tasks. Each slot is a message with a unique key made of the task's name and
 * the slot's nominal time, so any number of consumers and drains may offer it, and the storage keeps one.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { Schedule } from "./crontab.ts";
import { describeError } from "./errors.ts";
import { announce } from "./announce.ts";
import { log } from "./log.ts";
import { toMessage } from "./message.ts";
import type { Definition } from "./registry.ts";
import type { Message } from "./storage.ts";
import { Task } from "./task.ts";

/** Slots that are due, not yet offered. */
export interface DueSlots {
  /** The messages, with their tasks. */
  made: { message: Message; task: Task }[];
  /** When the next slot of any task is due, in epoch milliseconds. */
  next: number;
}

/** Later than this, a slot was missed, and it is for `catchUp` to say whether it is still run. */
const ON_TIME = 2_000;
/** For how long a slot's key is held beyond the time in which anybody could offer it: clocks of hosts differ. */
const SKEW = 3_600_000;
/** A schedule that fires more often than this between two looks is broken. */
const MOST_SLOTS = 10_000;

/** Watches the schedules of one consumer or drain. */
export class Scheduler {
  readonly #core: Core;
  readonly #since: number | undefined;
  /** Up to when the slots of a task were offered. */
  readonly #offered = new Map<string, number>();
  /** When the next slot of a task is due, as of an instant: to ask a schedule takes longer than all the rest of an idle tick. */
  readonly #known = new Map<Definition, { asOf: number; next: number }>();

  /** Watches from the instant `since` on; if that is absent, it looks back for as long as each task's `catchUp`. */
  constructor(core: Core, since?: number) {
    this.#core = core;
    this.#since = since;
  }

  /** The slots that are due by now. */
  async due(): Promise<DueSlots> {
    const now = this.#core.clock.now();
    const due: DueSlots = { made: [], next: Infinity };
    for (const definition of this.#core.registry.list()) {
      if (!definition.schedule) continue;
      try {
        const { slots, next } = this.#slots(definition, now);
        for (const slot of slots) due.made.push(await toSlotMessage(this.#core, definition, slot));
        due.next = Math.min(due.next, next);
      } catch (error) {
        log("scheduler")?.error("The schedule of task {name} failed: {error}", {
          name: definition.name,
          error: describeError(error),
        });
      }
    }
    return due;
  }

  /** Offers slots to the storage; gives how many of them nobody had offered before. */
  async offer({ made }: DueSlots): Promise<number> {
    const enqueued = await this.#core.pump.enqueue(made.map(({ message }) => message));
    for (const [i, { message, task }] of made.entries()) {
      this.#offered.set(task.name, Math.max(message.eta!, this.#offered.get(task.name) ?? -Infinity));
      announce(this.#core, enqueued[i], message, task);
    }
    return enqueued.filter(({ added }) => added).length;
  }

  #slots(definition: Definition, now: number): { slots: number[]; next: number } {
    const known = this.#known.get(definition);
    if (known && known.asOf <= now && now < known.next) return { slots: [], next: known.next };
    const found = this.#find(definition, now);
    // With slots to offer it is asked again, until they were.
    if (found.slots.length === 0) this.#known.set(definition, { asOf: now, next: found.next });
    return found;
  }

  #find({ name, schedule, settings }: Definition, now: number): { slots: number[]; next: number } {
    if (!this.#offered.has(name)) this.#offered.set(name, this.#since ?? now - settings.catchUp);
    return dueSlots(schedule!, this.#offered.get(name)!, now, settings);
  }
}

/** The slots after `since` that are to be run by `now`, and the next one after; those that are too late are left out. */
export function dueSlots(
  schedule: Schedule,
  since: number,
  now: number,
  { catchUp, catchUpAll }: { catchUp: number; catchUpAll: boolean },
): { slots: number[]; next: number } {
  let at = Math.max(since, now - Math.max(catchUp, ON_TIME));
  const slots: number[] = [];
  while (slots.length < MOST_SLOTS) {
    const next = schedule.next(at) ?? Infinity;
    if (!(next > at)) throw new RangeError(`The next slot must be later than ${at}: it is ${next}`);
    if (next > now) return { slots: catchUpAll ? slots : slots.slice(-1), next };
    slots.push(at = next);
  }
  throw new RangeError(`There are more than ${MOST_SLOTS} slots since ${new Date(at).toISOString()}`);
}

async function toSlotMessage(
  core: Core,
  { name, settings }: Definition,
  slot: number,
): Promise<{ message: Message; task: Task }> {
  const task = new Task({ id: core.newId(), name, args: [], settings, changes: {}, eta: slot });
  const made = await toMessage(core, task);
  made.message.unique = { key: `${name}@${slot}`, until: slot + settings.catchUp + SKEW };
  return made;
}
