/**
 * Huey: the thin face over the core that a user holds.
 *
 * @module
 */
import { Consumer, type ConsumerOptions } from "./consumer.ts";
import type { Core } from "./core.ts";
import { type DefinePeriodicTask, definePeriodicTask, type DefineTask, defineTask } from "./define.ts";
import { drain, type DrainOptions, type DrainReport } from "./drain.ts";
import { submit } from "./enqueue.ts";
import type { Chord, ChordResult, Group, Member, MemberValues } from "./group.ts";
import type { PostExecuteHook, PreExecuteHook, WorkerHook } from "./hooks.ts";
import * as inspect from "./inspect.ts";
import * as keys from "./keys.ts";
import { createCore, type HueyOptions } from "./create_core.ts";
import { flushLocks, isLocked, type LockOptions, TaskLock } from "./lock.ts";
import { RateLimit, type RateLimitOptions } from "./rate_limit.ts";
import { Result } from "./result.ts";
import type { ResultGroup } from "./result_group.ts";
import type { ValueOf } from "./spread.ts";
import { idMark, isRevoked, restore, revoke, type RevokeOptions, type TaskReference } from "./revoke.ts";
import { Scheduler } from "./scheduler.ts";
import { Schedules } from "./schedules.ts";
import type { Signal, SignalHandler } from "./signals.ts";
import type { Task } from "./task.ts";

/**
 * A task queue: one name, one storage, and the task functions of a program.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 *
 * const huey = new Huey("docs");
 * const add = huey.task("add", (a: number, b: number) => a + b);
 *
 * const result = await add(1, 2); // nothing has run yet
 * await huey.drain();
 * console.log(await result.get()); // 3
 * ```
 */
export class Huey {
  /** The name of the queue. */
  readonly name: string;
  /** What the library's own functions work on. For those who build on the library, not for applications. */
  readonly core: Core;
  /**
   * Wraps a function: calling the result enqueues a task.
   *
   * @throws {ConfigurationError} if the name is empty or taken.
   * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
   *
   * @example
   * ```ts
   * import { Huey } from "@hq/huey";
   *
   * const huey = new Huey("docs");
   * huey.task("fetchStatus", { retries: 2, retryDelay: "1m" }, async (url: string) => (await fetch(url)).status);
   * ```
   */
  readonly task: DefineTask;
  /**
   * Wraps a function that is run by a schedule; it can be called, too. Each slot of the schedule is enqueued once,
   * however many consumers and drains look at it.
   *
   * @example
   * ```ts
   * import { crontab, Huey } from "@hq/huey";
   *
   * const huey = new Huey("docs");
   * huey.periodicTask("nightlyBackup", crontab({ hour: "3", minute: "0" }), () => {});
   * ```
   */
  readonly periodicTask: DefinePeriodicTask;
  /** Schedules that are made at run time, and kept in the storage. */
  readonly schedules: Schedules;
  /** Kept from drain to drain, so that a tick looks only at the slots since the last one. */
  readonly #scheduler: Scheduler;

  /**
   * A queue of this name, of 1 to 64 characters out of `A-Z a-z 0-9 _ . -`.
   *
   * @throws {TypeError} for another name.
   * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
   */
  constructor(name: string, options: HueyOptions = {}) {
    this.core = createCore(name, options);
    this.#scheduler = new Scheduler(this.core);
    this.name = name;
    this.task = defineTask(this.core);
    this.periodicTask = definePeriodicTask(this.core);
    this.schedules = new Schedules(this.core);
  }

  /** Enqueues a task that was made with `TaskFunction.s`. */
  enqueue<R, Values extends [unknown]>(task: Task<[], R, Values>): Promise<Result<Values[0]>>;
  /** Enqueues a pipeline: one handle per stage. */
  enqueue<R, Values extends [unknown, unknown, ...unknown[]]>(task: Task<[], R, Values>): Promise<ResultGroup<Values>>;
  /** Enqueues a pipeline that was built in a loop: a group of handles if it has more than one stage. */
  enqueue<R, Values extends unknown[]>(task: Task<[], R, Values>): Promise<Result<ValueOf<R>> | ResultGroup<Values>>;
  /** Enqueues a chord: all of its members, and its callback, which waits for them. */
  enqueue<Values extends unknown[], R>(chord: Chord<Values, R>): Promise<ChordResult<Values, ValueOf<R>>>;
  /** Enqueues a group. */
  enqueue<Values extends unknown[]>(group: Group<Values>): Promise<ResultGroup<Values>>;
  /** Enqueues several tasks as a group, in one request; into Redis in one for each 500. */
  enqueue<const Members extends readonly Member[]>(tasks: Members): Promise<ResultGroup<MemberValues<Members>>>;
  enqueue(what: Task | Group | Chord | readonly Task[]): Promise<unknown> {
    return submit(this.core, what);
  }

  /** The handle on the outcome of a task. */
  result<R = unknown>(id: string): Result<R> {
    return new Result<R>(this.core, id);
  }

  /** A consumer: workers and a scheduler, long-lived. */
  createConsumer(options?: ConsumerOptions): Consumer {
    return new Consumer(this.core, options);
  }

  /** Runs what is ready, once, within a budget; for a platform's cron. */
  drain(options: DrainOptions = {}): Promise<DrainReport> {
    return drain(this.core, options, this.#scheduler);
  }

  /** Calls a handler at every signal; gives the function that disconnects it. */
  signal(handler: SignalHandler): () => void;
  /** Calls a handler at these signals; gives the function that disconnects it. */
  signal(names: Signal | readonly Signal[], handler: SignalHandler): () => void;
  signal(names: SignalHandler | Signal | readonly Signal[], handler?: SignalHandler): () => void {
    return typeof names === "function"
      ? this.core.signals.connect(undefined, names)
      : this.core.signals.connect(names, handler!);
  }

  /** Runs a hook before each task; throwing `CancelExecution` cancels the task. Gives the hook's remover. */
  preExecute(hook: PreExecuteHook): () => void {
    return this.core.hooks.addPreExecute(hook);
  }

  /** Runs a hook after each task, with its value or its error. Gives the hook's remover. */
  postExecute(hook: PostExecuteHook): () => void {
    return this.core.hooks.addPostExecute(hook);
  }

  /** Runs a hook once per worker, when a consumer starts. Gives the hook's remover. */
  onStartup(hook: WorkerHook): () => void {
    return this.core.hooks.addStartup(hook);
  }

  /** Runs a hook once per worker, when a consumer stops. Gives the hook's remover. */
  onShutdown(hook: WorkerHook): () => void {
    return this.core.hooks.addShutdown(hook);
  }

  /** A lock of this name, over all processes. */
  lockTask(name: string, options?: LockOptions): TaskLock {
    return new TaskLock(this.core, name, options);
  }

  /** Whether somebody has the lock of this name. */
  isLocked(name: string): Promise<boolean> {
    return isLocked(this.core, name);
  }

  /** Ends the locks of these names, or all of them, whoever holds them; gives the named ones that were held. */
  flushLocks(...names: string[]): Promise<string[]> {
    return flushLocks(this.core, names);
  }

  /** A rate limit of this name, over all processes. */
  rateLimit(name: string, options: RateLimitOptions): RateLimit {
    return new RateLimit(this.core, name, options);
  }

  /** Revokes a task: it will not run, or, if it is running, its `signal` is aborted. */
  revoke(task: TaskReference, options?: RevokeOptions): Promise<void> {
    return revoke(this.core, idMark(task), options);
  }

  /** Takes a revocation back; tells whether there was one. */
  restore(task: TaskReference): Promise<boolean> {
    return restore(this.core, idMark(task));
  }

  /** Whether this very task is revoked. */
  isRevoked(task: TaskReference): Promise<boolean> {
    return isRevoked(this.core, [idMark(task)]);
  }

  /** Writes a value under a key of your own. */
  put(key: string, value: unknown, options?: keys.KeyOptions): Promise<void> {
    return keys.putKey(this.core, key, value, options);
  }

  /** Writes a value unless the key is there; tells whether it did. */
  putIfEmpty(key: string, value: unknown, options?: keys.KeyOptions): Promise<boolean> {
    return keys.putKeyIfEmpty(this.core, key, value, options);
  }

  /** The value of a key, which stays; `undefined` if it is missing. */
  get(key: string): Promise<unknown> {
    return keys.getKey(this.core, key);
  }

  /** Takes the value of a key; `undefined` if it is missing. */
  pop(key: string): Promise<unknown> {
    return keys.popKey(this.core, key);
  }

  /** Removes a key; tells whether it was there. */
  delete(key: string): Promise<boolean> {
    return keys.deleteKey(this.core, key);
  }

  /** The tasks that are ready, in the order in which they will run. */
  pending(limit?: number): Promise<Task[]> {
    return inspect.listTasks(this.core, "queued", limit);
  }

  /** The tasks that wait for their time, soonest first. */
  scheduled(limit?: number): Promise<Task[]> {
    return inspect.listTasks(this.core, "scheduled", limit);
  }

  /** The tasks in a worker's hands. */
  running(limit?: number): Promise<Task[]> {
    return inspect.listTasks(this.core, "running", limit);
  }

  /** The dead letters, newest first. */
  dead(limit?: number): Promise<inspect.DeadTask[]> {
    return inspect.listDead(this.core, limit);
  }

  /** How many there are of each. */
  counts(): Promise<inspect.QueueCounts> {
    return inspect.countTasks(this.core);
  }

  /** Puts a dead letter back into the queue, or all of them; gives how many. */
  retryDead(id?: string): Promise<number> {
    return inspect.retryDead(this.core, id);
  }

  /** Takes a task out of queue or schedule and tells whether it did. One that is running is aborted instead. */
  cancel(id: string): Promise<boolean> {
    return inspect.cancel(this.core, id);
  }

  /** Removes what is named, everything if nothing is. */
  flush(what?: inspect.Flushable): Promise<void> {
    return inspect.flush(this.core, what);
  }

  /** Closes what the library has opened; a client that it was given stays open. */
  async close(): Promise<void> {
    await this.core.pump.idle();
    await this.core.storage.close?.();
  }
}
