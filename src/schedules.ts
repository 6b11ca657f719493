/**
 * Schedules made at run time. Each is kept in the storage, and has one message there: its mark, scheduled for its next
 * slot. Whoever is handed the mark adds the slot's task and puts the mark to the slot after, in one step. So a slot runs
 * once however many look, and an idle tick costs nothing.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { nextRuns, scheduleFrom, type ScheduleSpec, type ZonedSchedule } from "./crontab.ts";
import { ConfigurationError, HueyError } from "./errors.ts";
import { isRecord, readKept } from "./kept.ts";
import { encodeTask, toMessage, toTask } from "./message.ts";
import { dueSlots } from "./scheduler.ts";
import { fit } from "./schema.ts";
import type { Message, State, Write } from "./storage.ts";
import { anew, Task, type TaskFields } from "./task.ts";
import { refuseUnknown, toFlag } from "./task_options.ts";
import { type Duration, show, toMilliseconds } from "./time.ts";

/** For `huey.schedules.put`. */
export interface ScheduleOptions {
  /** How late a missed slot is still run. @default {"5m"} */
  catchUp?: Duration;
  /** Whether every missed slot is run, instead of the latest only. @default {false} */
  catchUpAll?: boolean;
}

/** A schedule made at run time. */
export interface StoredSchedule {
  /** Its name. */
  readonly name: string;
  /** When it runs. */
  readonly schedule: ZonedSchedule;
  /** What it runs. */
  readonly task: Task;
  /** Whether it is at rest until it is resumed. */
  readonly paused: boolean;
  /** The next instants at which it runs, in epoch milliseconds; none while it is paused. */
  readonly nextRuns: number[];
}

/** As it is kept. */
interface Entry {
  mark: Pick<Message, "id" | "name" | "body">;
  schedule: ScheduleSpec;
  catchUp: number;
  catchUpAll: boolean;
  paused?: true;
}

/** What the mark of a schedule brings about: the task of a slot, and the mark itself for the next one. */
export interface Tick {
  enqueue?: Message[];
  tasks?: Task[];
  retry?: Message;
}

/** Where the names are. */
const NAMES = "names";
const keyOf = (name: string): string => `at:${name}`;
/** How often the list of names is tried for that others change at the same moment. */
const TRIES = 50;
const LISTED_RUNS = 5;
/** Before all other messages: what is due is not to wait behind what is waiting. */
const PRIORITY = Number.MAX_SAFE_INTEGER;

/**
 * The schedules made at run time, in the storage, for all processes.
 *
 * @example
 * ```ts
 * import { crontab, Huey } from "@hq/huey";
 *
 * const huey = new Huey("docs");
 * const remind = huey.task("remind", (who: string) => `hello ${who}`);
 *
 * await huey.schedules.put("ada", crontab("0 9 * * *", { timeZone: "Europe/London" }), remind.s("ada"));
 * for (const { name, nextRuns } of await huey.schedules.list()) console.log(name, new Date(nextRuns[0]));
 * ```
 */
export class Schedules {
  readonly #core: Core;

  /** Made by `new Huey`. */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Runs a task at each slot from now on; a schedule of this name is replaced. One that is put again with the same slots,
   * as by a program that starts again, misses none of them.
   *
   * @throws {TypeError | ConfigurationError | RangeError} for what cannot be kept or read.
   */
  async put(name: string, schedule: ZonedSchedule, task: Task<[]>, options: ScheduleOptions = {}): Promise<void> {
    const core = this.#core;
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`A schedule needs a name that is not empty: current value is ${show(name)}`);
    }
    if (typeof schedule?.toJSON !== "function") {
      throw new TypeError("Only a schedule made by crontab(…) or every(…) can be kept");
    }
    if (!(task instanceof Task)) throw new TypeError("A schedule runs a task made with s()");
    const { eta, delay, settings } = task.fields;
    if (eta !== undefined || delay !== undefined) {
      throw new TypeError("Cannot use 'eta' or 'delay' for a task that is run by a schedule");
    }
    refuseUnknown(options, ["catchUp", "catchUpAll"], "option of a schedule");
    const entry = {
      schedule: schedule.in(core.settings.timeZone).toJSON(),
      catchUp: toMilliseconds("catchUp", options.catchUp ?? "5m"),
      catchUpAll: toFlag("catchUpAll", options.catchUpAll ?? false),
    };
    if (settings.schema) await fit(task.name, settings.schema, task.args);
    await changeNames(core, name, true);
    const [text] = await readTexts(core, [name]);
    await plant(core, name, task.fields, entry, text);
  }

  /** Removes a schedule; tells whether it was there. */
  async delete(name: string): Promise<boolean> {
    const text = await this.#core.storage.pop("schedules", keyOf(name), this.#core.storageTime());
    await changeNames(this.#core, name, false);
    if (text !== undefined) await uproot(this.#core, text);
    return text !== undefined;
  }

  /** Lets a schedule rest until it is resumed; tells whether there is one of this name. */
  async pause(name: string): Promise<boolean> {
    const [text] = await readTexts(this.#core, [name]);
    if (text === undefined) return false;
    // If somebody else has changed it meanwhile, it is that one that is to rest.
    if (!await write(this.#core, name, { ...parse(text), paused: true }, text)) return this.pause(name);
    await uproot(this.#core, text);
    return true;
  }

  /** Lets a paused schedule go on, from now on; tells whether there is one of this name. */
  async resume(name: string): Promise<boolean> {
    const [text] = await readTexts(this.#core, [name]);
    if (text === undefined) return false;
    const entry = parse(text);
    if (entry.paused) {
      const { fields } = await toTask(this.#core, entry.mark);
      await plant(this.#core, name, fields, { ...entry, paused: undefined }, text);
    }
    return true;
  }

  /** All of them, in the order in which they were first put. */
  async list(): Promise<StoredSchedule[]> {
    const core = this.#core;
    const names = await readNames(core);
    const entries = await readEntries(core, names);
    const found = await Promise.all(entries.map(async (entry, i): Promise<StoredSchedule[]> => {
      if (!entry) return [];
      const { fields } = await toTask(core, entry.mark);
      const schedule = scheduleFrom(entry.schedule);
      return [{
        name: names[i],
        schedule,
        task: new Task({ ...fields, schedule: undefined }),
        paused: entry.paused === true,
        nextRuns: entry.paused ? [] : nextRuns(schedule, LISTED_RUNS, core.clock.now()),
      }];
    }));
    return found.flat();
  }
}

/** What is to be done with the mark of a schedule that has come to its slot. One that was replaced meanwhile just goes. */
export async function tick(core: Core, { fields }: Task, mark: Message): Promise<Tick> {
  const [entry] = await readEntries(core, [fields.schedule!]);
  if (!entry || entry.paused || entry.mark.id !== mark.id) return {};
  const eta = mark.eta!;
  // The storage's clock may be ahead of ours.
  const now = Math.max(core.clock.now(), eta);
  const { slots: [slot, later], next } = dueSlots(scheduleFrom(entry.schedule), eta - 1, now, entry);
  const after = later ?? next;
  const retry = after === Infinity ? undefined : { ...entry.mark, priority: PRIORITY, eta: after };
  if (slot === undefined) return { retry };
  const { message, task } = await toMessage(
    core,
    new Task({ ...anew(fields, core.newId), schedule: undefined, eta: slot }),
  );
  return { retry, enqueue: [message], tasks: [task] };
}

/** Sets the marks anew of those schedules that have lost theirs. */
export async function replant(core: Core): Promise<void> {
  const entries = await readEntries(core, await readNames(core));
  const marks = entries.flatMap((entry) => entry && !entry.paused ? markOf(core, entry) : []);
  if (marks.length > 0) await core.pump.enqueue(marks);
}

/** Writes a schedule with a new mark, and sets that; in one step, where there is an old one to be replaced. */
async function plant(
  core: Core,
  name: string,
  fields: TaskFields,
  rest: Omit<Entry, "mark">,
  oldText: string | undefined,
): Promise<void> {
  const id = core.newId();
  const mark = { id, name: fields.name, body: await encodeTask(core, { ...fields, id, schedule: name }) };
  const entry = { ...rest, mark };
  const old = oldText === undefined ? undefined : readKept<Entry>(oldText);
  const resting = old?.mark && { id: old.mark.id, states: ["queued", "scheduled"] satisfies State[] };
  const isSame = JSON.stringify(old?.schedule) === JSON.stringify(rest.schedule);
  const there = resting && isSame ? await core.storage.find(resting.id, core.storageTime()) : undefined;
  const marks = markOf(core, entry, there?.state === "running" ? undefined : there?.message.eta);
  const value = textOf(entry);
  const writes: Write[] = [{ space: "schedules", key: keyOf(name), value }];
  if (resting && await core.pump.settle({ resting, writes, enqueue: marks })) return;
  await core.storage.put("schedules", keyOf(name), value, { now: core.storageTime() });
  await core.pump.enqueue(marks);
}

function markOf(core: Core, { mark, schedule }: Entry, slot?: number): Message[] {
  const eta = slot ?? scheduleFrom(schedule).next(core.clock.now());
  return eta === undefined ? [] : [{ ...mark, priority: PRIORITY, eta }];
}

/** Takes the mark of what was kept away. If it is in somebody's hands, it goes by itself. */
async function uproot(core: Core, text: string): Promise<void> {
  const id = readKept<Entry>(text)?.mark?.id;
  if (id !== undefined) await core.pump.settle({ resting: { id, states: ["queued", "scheduled"] } });
}

async function readNames(core: Core): Promise<string[]> {
  const [text] = await core.storage.peek("schedules", [NAMES], core.storageTime());
  return text === undefined ? [] : JSON.parse(text.slice(1));
}

async function readTexts(core: Core, names: string[]): Promise<(string | undefined)[]> {
  return names.length === 0 ? [] : await core.storage.peek("schedules", names.map(keyOf), core.storageTime());
}

async function readEntries(core: Core, names: string[]): Promise<(Entry | undefined)[]> {
  return (await readTexts(core, names)).map((text) => text === undefined ? undefined : parse(text));
}

function parse(text: string): Entry {
  const entry = readKept<Entry>(text);
  if (isRecord(entry?.mark) && isRecord(entry.schedule)) return entry as Entry;
  throw new ConfigurationError("Cannot read a schedule that is kept: it is damaged; delete it and put it again");
}

function textOf(entry: Entry): string {
  return `~${JSON.stringify(entry)}`;
}

/** Writes a schedule, if it still is what it was; tells whether it did. */
function write(core: Core, name: string, entry: Entry, ifValue: string): Promise<boolean> {
  return core.storage.put("schedules", keyOf(name), textOf(entry), { ifValue, now: core.storageTime() });
}

/** Adds a name to the list, or removes it. */
async function changeNames(core: Core, name: string, present: boolean): Promise<void> {
  const now = core.storageTime();
  for (let i = 0; i < TRIES; i++) {
    const [text] = await core.storage.peek("schedules", [NAMES], now);
    const names: string[] = text === undefined ? [] : JSON.parse(text.slice(1));
    if (names.includes(name) === present) return;
    const changed = present ? [...names, name] : names.filter((other) => other !== name);
    const condition = text === undefined ? { ifAbsent: true } : { ifValue: text };
    if (await core.storage.put("schedules", NAMES, `~${JSON.stringify(changed)}`, { ...condition, now })) return;
  }
  throw new HueyError("Too many change the schedules at this moment: try again");
}
