/**
 * A small task queue: wrap a function, call it, and it runs later in a consumer. Nothing accepted is lost when a worker
 * dies, and the same program runs on Deno, Bun, Node and at the edge.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 *
 * const huey = new Huey("docs");
 * const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);
 *
 * const result = await addNumbers(1, 2);
 * await huey.drain(); // or a consumer, in another process
 * console.log(await result.get()); // 3
 * ```
 *
 * @module
 */
export { compressed, type CompressedOptions } from "./src/compressed.ts";
export { Callable } from "./src/callable.ts";
export { Consumer, type ConsumerOptions } from "./src/consumer.ts";
export type { TaskContext } from "./src/context.ts";
export type { Core, Settings } from "./src/core.ts";
export type { HueyOptions } from "./src/create_core.ts";
export {
  type Crontab,
  crontab,
  type CrontabFields,
  type CrontabOptions,
  every,
  type Schedule,
  type ScheduleSpec,
  type ZonedSchedule,
} from "./src/crontab.ts";

export {
  type ContextTaskBody,
  type DefinePeriodicTask,
  type DefineTask,
  type RestOf,
  type TaskBody,
  TaskFunction,
} from "./src/define.ts";
export { encrypted, type EncryptedOptions, type EncryptionKey } from "./src/encrypted.ts";
export type { DrainOptions, DrainReport, StoppedBy } from "./src/drain.ts";
export {
  type CanceledStatus,
  CancelExecution,
  ConfigurationError,
  HueyError,
  RateLimitExceeded,
  ResultTimeout,
  RetryTask,
  TaskCanceled,
  TaskException,
  type TaskFailure,
  TaskLockedException,
  TaskTimeout,
} from "./src/errors.ts";
export { Chord, chord, type ChordResult, Group, group, type Member, type MemberValues } from "./src/group.ts";
export type { PostExecuteHook, PreExecuteHook, WorkerHook } from "./src/hooks.ts";
export { Huey } from "./src/huey.ts";
export type { Interceptor } from "./src/interceptor.ts";
export type { DeadTask, Flushable, QueueCounts } from "./src/inspect.ts";
export type { KeyOptions } from "./src/keys.ts";
export { type LockOptions, TaskLock } from "./src/lock.ts";
export { memory } from "./src/memory.ts";
export { toListedTask } from "./src/message.ts";
export { RateLimit, type RateLimitOptions } from "./src/rate_limit.ts";
export type { End, Recorder } from "./src/recorder.ts";
export { rich } from "./src/rich.ts";
export type { Failure, Outcome, OutcomeStatus } from "./src/outcome.ts";
export { type GetOptions, Result, type Status } from "./src/result.ts";
export { ResultGroup, type ResultsOf } from "./src/result_group.ts";
export type { RevokeOptions, TaskReference } from "./src/revoke.ts";
export { type ScheduleOptions, Schedules, type StoredSchedule } from "./src/schedules.ts";
export {
  type Checked,
  type InputsOf,
  type Issue,
  type OutputsOf,
  type Schema,
  type Schemas,
  type SchemaTypes,
  ValidationError,
} from "./src/schema.ts";
export { json, SerializationError, type Serializer } from "./src/serializer.ts";
export {
  type Signal,
  SIGNAL_CANCELED,
  SIGNAL_COMPLETE,
  SIGNAL_DEAD,
  SIGNAL_ENQUEUED,
  SIGNAL_ERROR,
  SIGNAL_EXECUTING,
  SIGNAL_EXPIRED,
  SIGNAL_INTERRUPTED,
  SIGNAL_LOCKED,
  SIGNAL_RATE_LIMITED,
  SIGNAL_REDELIVERED,
  SIGNAL_RETRYING,
  SIGNAL_REVOKED,
  SIGNAL_SCHEDULED,
  SIGNAL_TIMEOUT,
  type SignalHandler,
} from "./src/signals.ts";
export { type Secret, signed, type SignedOptions } from "./src/signed.ts";
export type {
  Counts,
  Delivery,
  Enqueued,
  Exchange,
  Exchanged,
  Flushed,
  Join,
  Mark,
  Message,
  PutOptions,
  Renewed,
  Settlement,
  Space,
  State,
  Storage,
  StorageFactory,
  Stored,
  Write,
} from "./src/storage.ts";
export { type Appended, Spread, spread, type ValueOf } from "./src/spread.ts";
export { type Carrier, type Step, Task, type TaskFields } from "./src/task.ts";
export type { CallOptions, DeliveryMode, PeriodicTaskOptions, TaskOptions, UniqueOptions } from "./src/task_options.ts";
export type { Clock, Duration, Instant } from "./src/time.ts";
export type { WorkerChoice, WorkerKind } from "./src/worker_kinds.ts";
