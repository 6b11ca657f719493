/**
 * What can be said about a task function, and how it is checked: once, where it is defined, so that nothing has to be
 * checked when a task runs.
 *
 * @module
 */
import { ConfigurationError } from "./errors.ts";
import { type Rate, toRate } from "./rate.ts";
import { type Schemas, toSchemas } from "./schema.ts";
import { type Duration, type Instant, show, toCount, toInstant, toMilliseconds } from "./time.ts";

/** How often a message may be handed out to run. */
export type DeliveryMode = "at-least-once" | "at-most-once";

/** Keeps a task from being enqueued twice. */
export interface UniqueOptions<Args extends unknown[] = unknown[]> {
  /** What makes two calls the same; the name and the arguments if absent. */
  key?: NoInfer<(...args: Args) => string>;
  /** For how long, from the first call, a second one adds nothing, even if the first is finished; absent: while it is not finished. */
  within?: Duration;
}

/** Options of a task function. */
export interface TaskOptions<Args extends unknown[] = unknown[]> {
  /** How often a failed task is run again. @default {0} */
  retries?: number;
  /** How long to wait before a retry. @default {0} */
  retryDelay?: Duration;
  /** What the delay is multiplied with at each further retry. @default {1} */
  retryBackoff?: number;
  /** The longest delay that `retryBackoff` may lead to; absent: no limit. */
  retryMaxDelay?: Duration;
  /** How much of a delay is left to chance, from 0 (none) to 1 (all of it). @default {0} */
  retryJitter?: number;
  /** Whether this error is worth a retry; absent: every error is. */
  retryIf?: (error: unknown) => boolean;
  /** Higher runs first, first in first out within one priority. @default {0} */
  priority?: number;
  /** From when on it must not be started any more: an instant, or a duration from the call (or from the eta, where there is one). */
  expires?: Duration | Date;
  /** How long an attempt may take; then its `signal` is aborted, and the attempt has failed. Absent: no limit. */
  timeout?: Duration;
  /** How long the outcome is kept; absent: as the Huey instance says. */
  resultTtl?: Duration;
  /** Whether a task whose worker died is run again; absent: as the Huey instance says. */
  delivery?: DeliveryMode;
  /** Whether the function's first parameter is a `TaskContext`. @default {false} */
  context?: boolean;
  /**
   * What the argument must be, or, as a list, each of the arguments: checked when the task is enqueued and again when it is
   * run, and what it gives out is what the function gets. Any Standard Schema: of zod, valibot and others.
   */
  schema?: Schemas;
  /** While one is not finished, a second call adds nothing and gives the first one's `Result`. @default {false} */
  unique?: boolean | UniqueOptions<Args>;
  /** The lock that it needs to start: its name, or the name for these arguments. It waits for it, at the cost of no retry. */
  lock?: string | NoInfer<(...args: Args) => string>;
  /** At most `limit` starts in any `per`, the first ones at once; each key by itself. The others wait, at the cost of no retry. */
  rateLimit?: { limit: number; per: Duration; key?: NoInfer<(...args: Args) => string> };
  /** At most `limit` at work at a time, over all workers; each key by itself. The others wait, at the cost of no retry. */
  concurrency?: { limit: number; key?: NoInfer<(...args: Args) => string> };
}

/** Options of one call, given to `Task.with` or `TaskFunction.schedule`; they win over those of the task function. */
export interface CallOptions {
  /** How long to wait before it runs. Not together with `eta`. */
  delay?: Duration;
  /** When to run. Not together with `delay`. */
  eta?: Instant;
  /** As in {@linkcode TaskOptions}. */
  priority?: number;
  /** As in {@linkcode TaskOptions}. */
  retries?: number;
  /** As in {@linkcode TaskOptions}. */
  retryDelay?: Duration;
  /** As in {@linkcode TaskOptions}. */
  retryBackoff?: number;
  /** As in {@linkcode TaskOptions}. */
  expires?: Duration | Date;
  /** As in {@linkcode TaskOptions}. */
  timeout?: Duration;
  /** The id of the task; absent: a new one. While one of this id is not finished, a second one is not added. */
  id?: string;
}

/** Options of a periodic task. */
export interface PeriodicTaskOptions extends Omit<TaskOptions<[]>, "schema"> {
  /** How late a missed slot is still run. @default {"5m"} */
  catchUp?: Duration;
  /** Whether every missed slot is run, instead of the latest only. @default {false} */
  catchUpAll?: boolean;
}

/** When a task expires: at an instant, or after a time that counts from the eta or the call; once enqueued, the instant is known. */
export type Expiry = { at: number; after?: number } | { at?: undefined; after: number };

/** What a call can change: {@linkcode TaskSettings} that travel in the message where they differ from the task function's. */
export interface CallSettings {
  /** Higher runs first. */
  priority?: number;
  /** How many retries are left. */
  retries?: number;
  /** Milliseconds. */
  retryDelay?: number;
  /** The multiplier. */
  retryBackoff?: number;
  /** Milliseconds; 0: no limit. */
  timeout?: number;
}

/** {@linkcode TaskOptions}, checked and in milliseconds. */
export interface TaskSettings extends Required<CallSettings> {
  /** Milliseconds; `Infinity`: no limit. */
  readonly retryMaxDelay: number;
  /** 0 to 1. */
  readonly retryJitter: number;
  /** Whether this error is worth a retry. */
  readonly retryIf: (error: unknown) => boolean;
  /** When it must not be started any more. */
  readonly expires?: Expiry;
  /** Milliseconds. */
  readonly resultTtl?: number;
  /** At least or at most once. */
  readonly delivery?: DeliveryMode;
  /** Whether the function gets a context. */
  readonly context: boolean;
  /** One per argument. */
  readonly schema?: ReturnType<typeof toSchemas>;
  /** What makes two calls the same (absent: name and arguments), and for how many milliseconds at the least. */
  readonly unique?: { key?: (...args: unknown[]) => string; within?: number };
  /** The name of the lock for these arguments. */
  readonly lock?: (...args: readonly unknown[]) => string;
  /** At most so many starts in any `per` milliseconds. */
  readonly rateLimit?: Rate & { readonly key: (...args: readonly unknown[]) => string };
  /** At most so many at a time. */
  readonly concurrency?: { readonly limit: number; readonly key: (...args: readonly unknown[]) => string };
  /** Of a periodic task, milliseconds. */
  readonly catchUp: number;
  /** Of a periodic task. */
  readonly catchUpAll: boolean;
}

const TASK_OPTIONS = ("retries retryDelay retryBackoff retryMaxDelay retryJitter retryIf priority expires timeout " +
  "resultTtl delivery context unique lock rateLimit concurrency").split(" ");
const PERIODIC_OPTIONS = [...TASK_OPTIONS, "catchUp", "catchUpAll"];
const PLAIN_OPTIONS = [...TASK_OPTIONS, "schema"];
const CALL_OPTIONS = "delay eta priority retries retryDelay retryBackoff expires timeout id".split(" ");

/**
 * Checks the options of a task function.
 *
 * @throws {ConfigurationError} for an option that does not exist.
 * @throws {TypeError | RangeError} for a value that cannot be.
 */
export function toTaskSettings(options: PeriodicTaskOptions | TaskOptions<never>, periodic: boolean): TaskSettings {
  refuseUnknown(options, periodic ? PERIODIC_OPTIONS : PLAIN_OPTIONS, "option of a task");
  const { retryMaxDelay, retryJitter = 0, retryIf, resultTtl, delivery, context = false, unique, schema } =
    options as TaskOptions<never>;
  const { catchUp = "5m", catchUpAll = false } = options as PeriodicTaskOptions;
  if (!(typeof retryJitter === "number" && retryJitter >= 0 && retryJitter <= 1)) {
    throw new RangeError(`'retryJitter' must be from 0 to 1: current value is ${show(retryJitter)}`);
  }
  if (retryIf !== undefined && typeof retryIf !== "function") {
    throw new TypeError(`'retryIf' must be a function: current value is ${show(retryIf)}`);
  }
  return {
    priority: 0,
    retries: 0,
    retryDelay: 0,
    retryBackoff: 1,
    timeout: 0,
    ...toCallSettings(options),
    retryMaxDelay: retryMaxDelay === undefined ? Infinity : toMilliseconds("retryMaxDelay", retryMaxDelay),
    retryJitter,
    retryIf: retryIf ?? (() => true),
    expires: toExpiry(options.expires),
    resultTtl: resultTtl === undefined ? undefined : toMilliseconds("resultTtl", resultTtl),
    delivery: toDelivery(delivery),
    context: toFlag("context", context),
    schema: toSchemas(schema),
    unique: toUnique(unique),
    ...toLimits(options),
    catchUp: toMilliseconds("catchUp", catchUp),
    catchUpAll: toFlag("catchUpAll", catchUpAll),
  };
}

/** Checks the options of one call. */
export function checkCallOptions(options: CallOptions): void {
  refuseUnknown(options, CALL_OPTIONS, "option of a call");
  if (options.delay !== undefined && options.eta !== undefined) {
    throw new TypeError("Cannot use both 'delay' and 'eta': give one of them");
  }
  if (options.id !== undefined && (typeof options.id !== "string" || options.id === "")) {
    throw new TypeError(`Cannot use 'id': it must be a string that is not empty, current value is ${show(options.id)}`);
  }
}

/** The part of the options that a call can change, checked; what was not given is absent. */
export function toCallSettings(options: CallOptions | TaskOptions<never>): CallSettings {
  const settings: CallSettings = {};
  const { priority, retries, retryDelay, retryBackoff, timeout } = options;
  if (priority !== undefined) {
    if (typeof priority !== "number" || !Number.isFinite(priority)) {
      throw new TypeError(`'priority' must be a finite number: current value is ${show(priority)}`);
    }
    settings.priority = priority;
  }
  if (retries !== undefined) settings.retries = toCount("retries", retries);
  if (retryDelay !== undefined) settings.retryDelay = toMilliseconds("retryDelay", retryDelay);
  if (retryBackoff !== undefined) {
    if (typeof retryBackoff !== "number" || !Number.isFinite(retryBackoff) || retryBackoff < 0) {
      throw new RangeError(`'retryBackoff' must be a number of at least 0: current value is ${show(retryBackoff)}`);
    }
    settings.retryBackoff = retryBackoff;
  }
  if (timeout !== undefined) settings.timeout = toMilliseconds("timeout", timeout);
  return settings;
}

/** An expiry, checked. A number is a duration here, unlike elsewhere. */
export function toExpiry(expires: Duration | Date | undefined): Expiry | undefined {
  if (expires === undefined) return undefined;
  if (expires instanceof Date) return { at: toInstant("expires", expires) };
  return { after: toMilliseconds("expires", expires) };
}

/** A delivery mode, checked. */
export function toDelivery(delivery: DeliveryMode | undefined): DeliveryMode | undefined {
  if (delivery === undefined || delivery === "at-least-once" || delivery === "at-most-once") return delivery;
  throw new TypeError(`'delivery' must be "at-least-once" or "at-most-once": current value is ${show(delivery)}`);
}

/** A yes or no, checked. */
export function toFlag(option: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`'${option}' must be true or false: current value is ${show(value)}`);
}

/** Nothing that is asked for is silently ignored. */
export function refuseUnknown(options: object, known: readonly string[], what: string): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Options must be an object: current value is ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ConfigurationError(`There is no ${what} named ${show(key)}: there are ${known.join(", ")}`);
    }
  }
}

function toUnique(unique: TaskOptions<never>["unique"]): TaskSettings["unique"] {
  if (unique === undefined || unique === false) return undefined;
  if (unique === true) return {};
  refuseUnknown(unique, ["key", "within"], "option of 'unique'");
  const { key, within } = unique;
  if (key !== undefined && typeof key !== "function") {
    throw new TypeError(`'unique.key' must be a function: current value is ${show(key)}`);
  }
  return {
    key: key as ((...args: unknown[]) => string) | undefined,
    within: within === undefined ? undefined : toMilliseconds("unique.within", within),
  };
}

function toLimits({ lock, rateLimit, concurrency }: TaskOptions<never>): Partial<TaskSettings> {
  if (rateLimit) refuseUnknown(rateLimit, ["limit", "per", "key"], "option of 'rateLimit'");
  if (concurrency) refuseUnknown(concurrency, ["limit", "key"], "option of 'concurrency'");
  if (concurrency?.limit === Infinity) throw new RangeError("'concurrency.limit' must be a finite number");
  return {
    lock: lock === undefined ? undefined : toKey("lock", typeof lock === "string" ? () => lock : lock),
    rateLimit: rateLimit && { ...toRate(rateLimit), key: toKey("rateLimit.key", rateLimit.key ?? (() => "")) },
    concurrency: concurrency && {
      limit: toCount("concurrency.limit", concurrency.limit, 1),
      key: toKey("concurrency.key", concurrency.key ?? (() => "")),
    },
  };
}

function toKey(option: string, key: unknown): (...args: readonly unknown[]) => string {
  if (typeof key === "function") return key as (...args: readonly unknown[]) => string;
  throw new TypeError(`'${option}' must be a function: current value is ${show(key)}`);
}
