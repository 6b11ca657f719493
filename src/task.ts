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
import { toInstant, toMilliseconds } from "./time.ts";

/** What a task is made of. */
export interface TaskFields {
  /** Names the task. */
  readonly id: string;
  /** The name of the task function. */
  readonly name: string;
  /** The arguments given so far. */
  readonly args: readonly unknown[];
  /** The settings of the task function. */
  readonly settings: TaskSettings;
  /** What this call changes of them. */
  readonly changes: CallSettings;
  /** Epoch milliseconds. */
  readonly eta?: number;
  /** Milliseconds, from when the task becomes ready. */
  readonly delay?: number;
  /** When it must not be started any more. */
  readonly expiry?: Expiry;
  /** From 1; rises with retries. */
  readonly attempt?: number;
  /** How many retries have waited for a delay so far: what the delay grows with. */
  readonly delays?: number;
  /** The message's fields that this version knows nothing of; they survive. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

/** One call of a task function. `Rest` are the arguments that are still missing. */
export class Task<Rest extends unknown[] = [], R = unknown> {
  readonly #fields: TaskFields;

  /** Never set: carries the types, so that a task that lacks arguments cannot be enqueued. */
  declare readonly signature: (...rest: Rest) => R;

  /** Made by `TaskFunction.s`. */
  constructor(fields: TaskFields) {
    this.#fields = fields;
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
    const { expiry } = this.#fields;
    return expiry && "at" in expiry ? expiry.at : undefined;
  }

  /** What the task is made of, for the library's own functions. */
  get fields(): TaskFields {
    return this.#fields;
  }

  /**
   * The same call with other options.
   *
   * @throws {TypeError | RangeError} for a value that cannot be, or for both `delay` and `eta`.
   */
  with(options: CallOptions): Task<Rest, R> {
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
    });
  }
}
