/**
 * Interceptor: sees tasks from outside, as tracing does. What it gives to a task travels in its message.
 *
 * @module
 */
import type { Task } from "./task.ts";

/** Is around whatever enqueues, and around each run. */
export interface Interceptor {
  /** Around a call that enqueues. Calls `enqueue` with the tasks, or with what it has made of each. */
  enqueue<One extends { task: Task }, T>(
    tasks: readonly One[],
    enqueue: (tasks: readonly One[]) => Promise<T>,
  ): Promise<T>;
  /** Around the run of a task's function: `run` settles as that does, or as its timeout or its revocation has it. */
  run<T>(task: Task, run: () => Promise<T>): Promise<T>;
}
