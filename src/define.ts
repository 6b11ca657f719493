/**
 * Define: a function gets a name and options, and becomes a task function: calling it enqueues.
 *
 * @module
 */
import { Attempt } from "./attempt.ts";
import { Callable } from "./callable.ts";
import { createContext, type TaskContext } from "./context.ts";
import type { Core } from "./core.ts";
import type { Schedule, ZonedSchedule } from "./crontab.ts";
import { enqueue } from "./enqueue.ts";
import type { Definition } from "./registry.ts";
import type { Result } from "./result.ts";
import { ResultGroup } from "./result_group.ts";
import { isRevoked, nameMark, restore, revoke, type RevokeOptions } from "./revoke.ts";
import { fit, type InputsOf, type OutputsOf, type Schemas } from "./schema.ts";
import type { ValueOf } from "./spread.ts";
import { type Step, Task } from "./task.ts";
import { type CallOptions, type PeriodicTaskOptions, type TaskOptions, toTaskSettings } from "./task_options.ts";

/** The arguments that are still missing when the first ones are given. */
export type RestOf<Args extends unknown[], Given extends unknown[]> = Args extends
  [...{ [K in keyof Given]: unknown }, ...infer Rest] ? Rest : [];

/** What a task function wraps. */
export type TaskBody<Args extends unknown[], R> = (...args: Args) => R | Promise<R>;

/** What a task function with `{ context: true }` wraps. */
export type ContextTaskBody<Args extends unknown[], R> = (context: TaskContext, ...args: Args) => R | Promise<R>;

/** A wrapped function. Calling it enqueues a task and gives the handle on its outcome. */
export interface TaskFunction<Args extends unknown[] = unknown[], R = unknown> {
  (...args: Args): Promise<Result<ValueOf<R>>>;
}

/** A wrapped function. Calling it enqueues a task and gives the handle on its outcome. */
export class TaskFunction<Args extends unknown[] = unknown[], R = unknown> extends Callable implements Step<Args, R> {
  /** Never set: carries the types. */
  declare readonly signature: (...args: Args) => R;
  /** The name that travels in messages. */
  declare readonly name: string;
  /** The options as they were given. */
  readonly options: Readonly<TaskOptions<Args> | PeriodicTaskOptions>;
  readonly #core: Core;
  readonly #definition: Definition;

  /** Made by `huey.task` and `huey.periodicTask`. */
  constructor(core: Core, definition: Definition, options: TaskOptions<Args> | PeriodicTaskOptions) {
    super((...args: Args) => this.schedule(args));
    Object.defineProperty(this, "name", { value: definition.name });
    this.options = options;
    this.#core = core;
    this.#definition = definition;
  }

  /** A task of this function, not yet enqueued. */
  s(...args: Args): Task<[], R, [ValueOf<R>]>;
  /** With the first arguments only: a task that may be a next stage or a callback. */
  s<Given extends Partial<Args>>(...args: Given): Task<RestOf<Args, Given>, R, [ValueOf<R>]>;
  s(...args: unknown[]): Task<never, R, [ValueOf<R>]> {
    const { name, settings } = this.#definition;
    return new Task<never, R, [ValueOf<R>]>({ id: this.#core.newId(), name, args, settings, changes: {} });
  }

  /**
   * Enqueues a task with other options than those of the function.
   *
   * @example
   * ```ts
   * import { Huey } from "@hq/huey";
   * const huey = new Huey("docs");
   * const remind = huey.task("remind", (who: string) => `hello ${who}`);
   * await remind.schedule(["ada"], { delay: "10m", priority: 5 });
   * ```
   */
  async schedule(args: Args, options?: CallOptions): Promise<Result<ValueOf<R>>> {
    const task = this.s(...args);
    const [result] = await enqueue(this.#core, [{ task: options ? task.with(options) : task }]);
    return result as Result<ValueOf<R>>;
  }

  /** Enqueues a task for each list of arguments, in one request; into Redis in one for each 500. */
  async map(argsList: Iterable<Args>): Promise<ResultGroup<ValueOf<R>[]>> {
    const tasks = Array.from(argsList, (args) => ({ task: this.s(...args) }));
    return new ResultGroup<ValueOf<R>[]>(this.#core, await enqueue(this.#core, tasks));
  }

  /** Calls the function itself, here and now; nothing is stored. */
  callLocal(...args: Args): R | Promise<R> {
    const { name, settings: { schema } } = this.#definition;
    if (schema) return fit(name, schema, args).then((fitting) => this.#call(fitting as Args));
    return this.#call(args);
  }

  #call(args: Args): R | Promise<R> {
    const { name, settings, fn } = this.#definition;
    const body = fn as unknown as (...args: unknown[]) => R | Promise<R>;
    if (!settings.context) return body(...args);
    const task = this.s(...args);
    const delivery = { message: { id: task.id, name, body: "" }, receipt: "", deliveries: 1 };
    return body(createContext(this.#core, task, new Attempt(delivery)), ...args);
  }

  /** Revokes all tasks of this function: they will not run when their turn comes. */
  revoke(options?: RevokeOptions): Promise<void> {
    return revoke(this.#core, nameMark(this.name), options);
  }

  /** Takes the revocation back; tells whether there was one. */
  restore(): Promise<boolean> {
    return restore(this.#core, nameMark(this.name));
  }

  /** Whether all tasks of this function are revoked. */
  isRevoked(): Promise<boolean> {
    return isRevoked(this.#core, [nameMark(this.name)]);
  }

  /** Forgets this function; tells whether it was known. Its tasks that are still to run become dead letters. */
  unregister(): boolean {
    return this.#core.registry.remove(this.name);
  }
}

/** `huey.task`: the name, options if any, and the function. */
export interface DefineTask {
  /** Without options. */
  <Args extends unknown[], R>(name: string, fn: TaskBody<Args, R>): TaskFunction<Args, Awaited<R>>;
  /** With schemas and a context. */
  <const S extends Schemas, R>(
    name: string,
    options: TaskOptions<InputsOf<S>> & { schema: S; context: true },
    fn: ContextTaskBody<OutputsOf<S>, R>,
  ): TaskFunction<InputsOf<S>, Awaited<R>>;
  /** With schemas: callers give what they take, and the function gets what they give out. */
  <const S extends Schemas, R>(
    name: string,
    options: TaskOptions<InputsOf<S>> & { schema: S; context?: false },
    fn: TaskBody<OutputsOf<S>, R>,
  ): TaskFunction<InputsOf<S>, Awaited<R>>;
  /** With options and a context. */
  <Args extends unknown[], R>(
    name: string,
    options: TaskOptions<Args> & { schema?: undefined; context: true },
    fn: ContextTaskBody<Args, R>,
  ): TaskFunction<Args, Awaited<R>>;
  /** With options. */
  <Args extends unknown[], R>(
    name: string,
    options: TaskOptions<Args> & { schema?: undefined; context?: false },
    fn: TaskBody<Args, R>,
  ): TaskFunction<Args, Awaited<R>>;
}

/** `huey.periodicTask`: the name, the schedule, options if any, and the function. */
export interface DefinePeriodicTask {
  /** Without options. */
  <R>(name: string, schedule: Schedule, fn: TaskBody<[], R>): TaskFunction<[], Awaited<R>>;
  /** With options and a context. */
  <R>(
    name: string,
    schedule: Schedule,
    options: PeriodicTaskOptions & { context: true },
    fn: ContextTaskBody<[], R>,
  ): TaskFunction<[], Awaited<R>>;
  /** With options. */
  <R>(
    name: string,
    schedule: Schedule,
    options: PeriodicTaskOptions & { context?: false },
    fn: TaskBody<[], R>,
  ): TaskFunction<[], Awaited<R>>;
}

/** What `huey.task` is. */
export function defineTask(core: Core): DefineTask {
  return ((name: string, ...rest: unknown[]) => define(core, name, undefined, rest)) as DefineTask;
}

/** What `huey.periodicTask` is. */
export function definePeriodicTask(core: Core): DefinePeriodicTask {
  return ((name: string, schedule: Schedule, ...rest: unknown[]) => {
    return define(core, name, bindSchedule(core, schedule), rest);
  }) as DefinePeriodicTask;
}

function define<Args extends unknown[], R>(
  core: Core,
  name: string,
  schedule: Schedule | undefined,
  rest: unknown[],
): TaskFunction<Args, R> {
  const [options, fn] = (rest.length > 1 ? rest : [{}, rest[0]]) as [TaskOptions<Args>, Definition["fn"]];
  const settings = toTaskSettings(options, schedule !== undefined);
  const definition: Definition = { name, fn, settings, schedule };
  core.registry.add(definition);
  return new TaskFunction<Args, R>(core, definition, Object.freeze({ ...options }));
}

/** The schedule as it is used: one that names no zone is in that of the instance. */
function bindSchedule(core: Core, schedule: Schedule | ZonedSchedule): Schedule {
  if (typeof schedule?.next !== "function") {
    throw new TypeError(
      "A periodic task needs a schedule: give crontab(…), every(…), or an object with a method 'next'",
    );
  }
  return "in" in schedule ? schedule.in(core.settings.timeZone) : schedule;
}
