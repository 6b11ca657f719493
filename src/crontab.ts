/**
 * When periodic tasks run: crontabs, in a time zone, and plain periods.
 *
 * The reading of cron's grammar, the calendar and the changes of the clocks are croner's. What is added here is that
 * nothing is overlooked: a field that cannot be read, a zone that does not exist, a date that never comes.
 *
 * @module
 */
import { Cron, type CronOptions } from "croner";
import { ConfigurationError } from "./errors.ts";
import { type Duration, show, toMilliseconds } from "./time.ts";

/** When something happens again and again. May be implemented by anybody. */
export interface Schedule {
  /** The first instant strictly after `after`, both in epoch milliseconds; `undefined` if there is none any more. */
  next(after: number): number | undefined;
}

/** A schedule that {@linkcode crontab} or {@linkcode every} made: it can be set in a time zone, and be kept. */
export interface ZonedSchedule extends Schedule {
  /** The IANA time zone it was set in; `undefined` if in none, and then it goes by UTC. */
  readonly timeZone?: string;
  /** The same schedule in this zone; itself if it is set in one already. Throws {@linkcode ConfigurationError} for an unknown zone. */
  in(timeZone: string): ZonedSchedule;
  /** What {@linkcode scheduleFrom} makes the schedule from again. */
  toJSON(): ScheduleSpec;
}

/** A schedule as plain data. */
export type ScheduleSpec =
  | {
    /** Five fields, or six with the seconds first. */
    cron: string;
    /** Whether both the day and the day of the week must match, and not one of them. */
    bothDays: boolean;
    /** The IANA time zone it was set in. */
    timeZone?: string;
  }
  | {
    /** A period, in milliseconds. */
    every: number;
  };

/** For {@linkcode crontab} and its shortcuts. */
export interface CrontabOptions {
  /** An IANA time zone, such as `"Europe/Berlin"`. @default that of the Huey instance */
  timeZone?: string;
}

/** The fields of a crontab: values, ranges, steps and lists of them, as in `"1-5"`, `"10-20/5"`, `"1,15"`. */
export interface CrontabFields extends CrontabOptions {
  /** 0 to 59. @default 0 */
  second?: number | string;
  /** 0 to 59. Has to be given with any of the fields below. @default "*" */
  minute?: number | string;
  /** 0 to 23. @default "*" */
  hour?: number | string;
  /** 1 to 31; `L` is the last, `LW` the last weekday, `15W` the weekday nearest to the 15th. @default "*" */
  day?: number | string;
  /** 1 to 12, or `JAN` to `DEC`. @default "*" */
  month?: number | string;
  /** 0 to 7 (0 and 7 are Sunday), or `SUN` to `SAT`; `FRI#2` is the second Friday, `FRI#L` the last. @default "*" */
  dayOfWeek?: number | string;
}

/** Makes schedules from crontabs. */
export interface Crontab {
  /** From fields that must all match, `day` and `dayOfWeek` too. */
  (fields: CrontabFields): ZonedSchedule;
  /** From five fields, six with the seconds first, or a nickname such as `@daily`. With a day and a day of the week, either may match. */
  (pattern: string, options?: CrontabOptions): ZonedSchedule;
  /** At minute 0 of every hour. */
  hourly(options?: CrontabOptions): ZonedSchedule;
  /** At midnight. */
  daily(options?: CrontabOptions): ZonedSchedule;
}

/**
 * A schedule from a crontab.
 *
 * When the clocks go forward, what has one fixed time of the day in the missing hour runs right after it, and the rest
 * skips it; when they go back, what has one fixed time runs once, and the rest in both hours.
 *
 * @throws {ConfigurationError} if anything of it cannot be read, or if it would never run.
 *
 * @example
 * ```ts
 * import { crontab } from "@hq/huey";
 *
 * crontab({ hour: 3, minute: 0 });
 * crontab({ minute: "*\/15", hour: "9-17", dayOfWeek: "MON-FRI", timeZone: "Europe/Berlin" });
 * crontab("0 3 * * *", { timeZone: "America/New_York" });
 * crontab.daily();
 * ```
 */
export const crontab: Crontab = Object.assign(read, {
  hourly: (options?: CrontabOptions) => read({ ...options, minute: 0 }),
  daily: (options?: CrontabOptions) => read({ ...options, minute: 0, hour: 0 }),
});

/**
 * A schedule that runs at the multiples of a period since the epoch, so that every machine has the same instants.
 *
 * @throws {TypeError} if it is not a duration.
 * @throws {RangeError} if it is less than a millisecond.
 *
 * @example
 * ```ts
 * import { every } from "@hq/huey";
 *
 * every("30s");
 * ```
 */
export function every(period: Duration): ZonedSchedule {
  const ms = toMilliseconds("period", period);
  if (ms < 1) throw new RangeError(`'period' must be at least 1 ms: current value is ${show(period)}`);
  const schedule: ZonedSchedule = {
    next: (after) => Math.floor(after / ms) * ms + ms,
    in: () => schedule,
    toJSON: () => ({ every: ms }),
  };
  return schedule;
}

/** The schedule whose `toJSON` gave this; throws {@linkcode ConfigurationError} if none can have done so. */
export function scheduleFrom(spec: ScheduleSpec): ZonedSchedule {
  if ("every" in spec) return every(`${spec.every}ms`);
  return new CronSchedule(spec.cron, spec.bothDays, spec.timeZone);
}

/** The first `count` instants of a schedule after `after`, in epoch milliseconds; fewer if it ends before. */
export function nextRuns(schedule: Schedule, count: number, after: number): number[] {
  const runs: number[] = [];
  for (let next = schedule.next(after); next !== undefined && runs.length < count; next = schedule.next(next)) {
    runs.push(next);
  }
  return runs;
}

/** Throws {@linkcode ConfigurationError} unless the runtime knows the time zone. */
export function checkTimeZone(timeZone: string): void {
  try {
    if (timeZone === "UTC") return;
    if (typeof timeZone === "string") return void new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    // Below, with what was not a string.
  }
  throw new ConfigurationError(
    `Cannot find the time zone: current value of 'timeZone' is ${show(timeZone)}; ` +
      `give an IANA name, such as "Europe/Berlin"`,
  );
}

/** In the order of a pattern, with what a field takes. */
const FIELDS = {
  second: "0 to 59",
  minute: "0 to 59",
  hour: "0 to 23",
  day: "1 to 31, L, LW or 15W",
  month: "1 to 12 or JAN to DEC",
  dayOfWeek: "0 to 7 or SUN to SAT, FRI#2 or FRI#L",
} as const;

/** What a part may be written with. */
const PART = /^[\w*,\-/?#+]+$/;

type Field = keyof typeof FIELDS;
const NAMES = Object.keys(FIELDS) as Field[];

class CronSchedule implements ZonedSchedule {
  readonly timeZone?: string;
  readonly #pattern: string;
  readonly #bothDays: boolean;
  /** Kept: to read the pattern takes as long as to find the next instant. */
  readonly #cron: Cron;

  constructor(pattern: string, bothDays: boolean, timeZone: string | undefined) {
    if (timeZone !== undefined) checkTimeZone(timeZone);
    this.timeZone = timeZone;
    this.#pattern = pattern;
    this.#bothDays = bothDays;
    // Without a zone croner need not ask for the calendar of one, which takes ten times as long.
    const zone = timeZone === undefined || timeZone === "UTC" ? { utcOffset: 0 } : { timezone: timeZone };
    const cron = parse(pattern, { domAndDow: bothDays, ...zone });
    if (!cron) throw new ConfigurationError(`Cannot read the crontab: current value is ${show(pattern)}`);
    this.#cron = cron;
  }

  next(after: number): number | undefined {
    return this.#cron.nextRun(new Date(after))?.getTime();
  }

  in(timeZone: string): ZonedSchedule {
    if (this.timeZone !== undefined || timeZone === "UTC") return this;
    return new CronSchedule(this.#pattern, this.#bothDays, timeZone);
  }

  toJSON(): ScheduleSpec {
    return {
      cron: this.#pattern,
      bothDays: this.#bothDays,
      ...(this.timeZone !== undefined && { timeZone: this.timeZone }),
    };
  }
}

function read(from: CrontabFields | string, options: CrontabOptions = {}): ZonedSchedule {
  const pattern = typeof from === "string" ? checkPattern(from) : fromFields(from);
  const { timeZone, ...unknown } = typeof from === "string" ? options : { timeZone: from.timeZone };
  for (const key in unknown) {
    throw new ConfigurationError(`Cannot read the crontab option ${show(key)}: the only one is timeZone`);
  }
  const schedule = new CronSchedule(pattern, typeof from !== "string", timeZone);
  // Only a day and a month can miss each other for ever, as in 31 February.
  const [day, month] = pattern.split(" ").slice(-3);
  if (day !== "*" && month !== "*" && schedule.next(0) === undefined) {
    throw new ConfigurationError(`Cannot use a crontab that never runs: current value is ${show(pattern)}`);
  }
  return schedule;
}

function checkPattern(text: string): string {
  const pattern = text.trim();
  if (/^@\w+$/.test(pattern) && parse(pattern)) return pattern;
  const parts = pattern.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6) {
    throw new ConfigurationError(
      `Cannot read the crontab: current value is ${show(text)}; ` +
        "give 5 fields (minute, hour, day, month, day of the week), 6 with the second first, or a nickname like @daily",
    );
  }
  const names = NAMES.slice(-parts.length);
  return join(names, parts, parts);
}

function fromFields(fields: CrontabFields): string {
  if (typeof fields !== "object" || fields === null) {
    throw new ConfigurationError(`Cannot read the crontab: current value is ${show(fields)}; give fields or a string`);
  }
  for (const key of Object.keys(fields)) {
    if (key === "timeZone" || Object.hasOwn(FIELDS, key)) continue;
    throw new ConfigurationError(`Cannot read the crontab field ${show(key)}: the fields are ${NAMES.join(", ")}`);
  }
  const coarse = NAMES.slice(2).find((name) => fields[name] !== undefined);
  if (coarse && fields.minute === undefined) {
    throw new ConfigurationError(
      `Cannot use the crontab field '${coarse}' without 'minute': current value is ${show(fields[coarse])}; ` +
        `add minute: 0, or minute: "*" if every minute is meant`,
    );
  }
  const names = fields.second === undefined ? NAMES.slice(1) : NAMES;
  const values = names.map((name) => fields[name] === undefined ? "*" : fields[name]);
  const parts = values.map((value) => {
    const text = typeof value === "number" ? String(value) : value;
    return typeof text === "string" ? text.trim().replace(/\s*,\s*/g, ",") : "";
  });
  return join(names, parts, values);
}

/** The parts as a pattern. Only if that cannot be read are they looked at one by one, to name the one at fault. */
function join(names: readonly Field[], parts: readonly string[], given: readonly unknown[]): string {
  const pattern = parts.join(" ");
  if (!parts.every((part) => PART.test(part)) || !parse(pattern)) {
    names.forEach((name, i) => checkField(name, parts[i], given[i]));
  }
  return pattern;
}

/** A field is read by itself, so that the error can name it: croner's own quotes no field, and values moved by one. */
function checkField(name: Field, part: string, given: unknown): void {
  const alone = NAMES.map((other) => other === name ? part : "*").join(" ");
  if (PART.test(part) && parse(alone)) return;
  throw new ConfigurationError(
    `Cannot read the crontab field '${name}': current value is ${show(given)}; give ${FIELDS[name]}, or ranges, ` +
      "steps and lists of them",
  );
}

function parse(pattern: string, options: CronOptions = {}): Cron | undefined {
  try {
    return new Cron(pattern, { ...options, mode: "5-or-6-parts" });
  } catch {
    return undefined;
  }
}
