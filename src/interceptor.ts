/**
 * Interceptor: sees tasks from outside, as tracing does. What it gives to a task travels in its message.
 *
 * @module
 */
import type { Carrier, Task } from "./task.ts";

/** Is around whatever enqueues, and around each run. */
export interface Interceptor {
  /** Around a call that enqueues. Calls `enqueue`, with what shall travel with each of the tasks. */
  enqueue<T>(tasks: readonly { task: Task }[], enqueue: (carrier?: Carrier) => Promise<T>): Promise<T>;
  /** Around the run of a task's function: `run` settles as that does, or as its timeout or its revocation has it. */
  run<T>(task: Task, run: () => Promise<T>): Promise<T>;
}
