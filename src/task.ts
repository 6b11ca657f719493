/**
 * A task: one call of a task function, with everything that is to happen to it. Immutable; each builder returns a new one.
 *
 * @module
 */
import {
  type CallOptions,
  type CallSettings,
  checkCallOptions,
  type Expiry,
  type TaskSettings,
  toCallSettings,
  toExpiry,
} from "./task_options.ts";
import type { Appended, ValueOf } from "./spread.ts";
import { toInstant, toMilliseconds } from "./time.ts";

/** What travels with a task besides its arguments, such as the context of a trace. */
export type Carrier = Readonly<Record<string, string>>;

/** What a task is made of. */
export interface TaskFields {
  /** Names the task. */
  readonly id: string;
  /** The name of the task function. */
  readonly name: string;
  /** The arguments given so far. */
  readonly args: readonly unknown[];
  /**
   * The settings of the task function.
   *
   * @ignore
   */
  readonly settings: TaskSettings;
  /**
   * What this call changes of them.
   *
   * @ignore
   */
  readonly changes: CallSettings;
  /** Epoch milliseconds. */
  readonly eta?: number;
  /** Milliseconds, from when the task becomes ready. */
  readonly delay?: number;
  /**
   * When it must not be started any more.
   *
   * @ignore
   */
  readonly expiry?: Expiry;
  /** From 1; rises with retries. */
  readonly attempt?: number;
  /** How many retries have waited for a delay so far: what the delay grows with. */
  readonly delays?: number;
  /** What is to run one after the other once this has succeeded; they have no stages of their own. */
  readonly stages?: readonly TaskFields[];
  /** What is to run once this has failed. */
  readonly handler?: TaskFields;
  /** Of the last stage of a member of a chord: where its value goes. */
  readonly join?: { readonly id: string; readonly index: number };
  /** The start that a rate limit has promised. */
  readonly booking?: { readonly place: number; readonly at: number };
  /** Whether it had to wait for a lock or a limit, and said so. */
  readonly waited?: boolean;
  /** Of a schedule's mark: the name of the schedule. */
  readonly schedule?: string;
  /** What an interceptor has given it; later stages have the same. */
  readonly carrier?: Carrier;
  /** The message's fields that this version knows nothing of; they survive. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

/** What can come next, or be a callback: a task function, or a task of it. */
export interface Step<Args extends unknown[] = never, R = unknown> {
  /** Never set: carries the types. */
  readonly signature: (...args: Args) => R;
}

/** One call of a task function. `Rest` are the arguments that are still missing, `Values` what each stage of a pipeline gives. */
export class Task<Rest extends unknown[] = [], R = unknown, Values extends unknown[] = unknown[]>
  implements Step<Rest, R> {
  readonly #fields: TaskFields;
  /** Whether it, or one built on it, is a stage, a handler or a callback somewhere: a second one gets ids of its own. */
  readonly #place: { taken: boolean };

  /** Never set: carries the types, so that a task that lacks arguments cannot be enqueued. */
  declare readonly signature: (...rest: Rest) => R;
  /** Never set: carries the types of a pipeline's values. */
  declare readonly values: Values;

  /** Made by `TaskFunction.s`. */
  constructor(fields: TaskFields, place: { taken: boolean } = { taken: false }) {
    this.#fields = fields;
    this.#place = place;
  }

  /** Names the task; its `Result` has the same id. */
  get id(): string {
    return this.#fields.id;
  }

  /** The name of the task function. */
  get name(): string {
    return this.#fields.name;
  }

  /** The arguments given so far. */
  get args(): readonly unknown[] {
    return this.#fields.args;
  }

  /** When to run, in epoch milliseconds; `undefined`: as soon as possible. Of a periodic task: the nominal time of its slot. */
  get eta(): number | undefined {
    return this.#fields.eta;
  }

  /** Higher runs first. */
  get priority(): number {
    return this.#fields.changes.priority ?? this.#fields.settings.priority;
  }

  /** How many retries are left. */
  get retries(): number {
    return this.#fields.changes.retries ?? this.#fields.settings.retries;
  }

  /** Which attempt this is, from 1. */
  get attempt(): number {
    return this.#fields.attempt ?? 1;
  }

  /** From when on it must not be started any more, in epoch milliseconds; known from when it is enqueued. */
  get expires(): number | undefined {
    return this.#fields.expiry?.at;
  }

  /** What the task is made of, for the library's own functions. */
  get fields(): TaskFields {
    return this.#fields;
  }

  /** What it is made of as a part of something larger, for the library's own functions. */
  attach(args: readonly unknown[]): TaskFields {
    const fields = this.#place.taken ? anew(this.#fields, () => crypto.randomUUID()) : this.#fields;
    this.#place.taken = true;
    return { ...fields, args: [...fields.args, ...args] };
  }

  /**
   * The same call with other options.
   *
   * @throws {TypeError | RangeError} for a value that cannot be, or for both `delay` and `eta`.
   */
  with(options: CallOptions): Task<Rest, R, Values> {
    checkCallOptions(options);
    const { id, delay, eta, expires } = options;
    const time = delay !== undefined
      ? { eta: undefined, delay: toMilliseconds("delay", delay) }
      : eta !== undefined
      ? { eta: toInstant("eta", eta), delay: undefined }
      : {};
    return new Task({
      ...this.#fields,
      ...time,
      ...(id === undefined ? {} : { id }),
      ...(expires === undefined ? {} : { expiry: toExpiry(expires) }),
      changes: { ...this.#fields.changes, ...toCallSettings(options) },
    }, id === undefined ? this.#place : undefined);
  }

  /**
   * A pipeline: once everything so far has succeeded, `next` is called with the given arguments and then the value. An
   * array is one argument, {@linkcode spread} gives several, `undefined` gives none. A stage that fails, expires or is
   * revoked settles all later ones as cancelled.
   *
   * @example
   * ```ts
   * import { Huey } from "@hq/huey";
   *
   * const huey = new Huey("docs", { immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const mul = huey.task("mul", (a: number, b: number) => a * b);
   *
   * const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3)); // mul(3, 3)
   * console.log(await stages.get()); // [3, 9]
   * ```
   */
  pipe<Given extends unknown[], R2, Values2 extends unknown[] = [ValueOf<R2>]>(
    next: Step<[...Given, ...Appended<R>], R2> & { readonly values?: Values2 },
    ...args: Given
  ): Task<Rest, R2, [...Values, ...Values2]> {
    const { stages: after = [], ...stage } = toFields(next, args);
    return new Task({ ...this.#fields, stages: [...this.#fields.stages ?? [], stage, ...after] }, this.#place);
  }

  /**
   * Once the task has failed for good (with `storeIntermediateErrors`: each time it fails), `handler` is called with the
   * given arguments and then the error. A second handler is for the failure of the first.
   */
  error<Given extends unknown[]>(handler: Step<[...Given, Error], unknown>, ...args: Given): Task<Rest, R, Values> {
    const { handler: first } = this.#fields;
    const added = first ? new Task(first).error(handler, ...args).fields : toFields(handler, args);
    return new Task({ ...this.#fields, handler: added }, this.#place);
  }
}

/** A step with further arguments, as a task. */
export function toFields(step: Step, args: readonly unknown[]): TaskFields {
  if (step instanceof Task) return step.attach(args);
  // A task function, seen from here: its own module builds on this one.
  const { s } = step as { s?: (...args: readonly unknown[]) => Task };
  if (typeof s === "function") return s.apply(step, [...args]).fields;
  throw new TypeError("What comes next must be a task function, or a task made with s()");
}

/** The same task under new ids, all through. */
export function anew(fields: TaskFields, newId: () => string): TaskFields {
  return {
    ...fields,
    id: newId(),
    stages: fields.stages?.map((stage) => anew(stage, newId)),
    handler: fields.handler && anew(fields.handler, newId),
  };
}
