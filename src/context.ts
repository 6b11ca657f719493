/**
 * What a task function with `{ context: true }` learns about its own run.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Core } from "./core.ts";
import type { Task } from "./task.ts";

/** The first parameter of a task function with `{ context: true }`. Callers do not pass it. */
export interface TaskContext {
  /** The task's id. */
  readonly id: string;
  /** The task's name. */
  readonly name: string;
  /** Which attempt this is: from 1, rises with retries only. */
  readonly attempt: number;
  /** How many retries are left. */
  readonly retries: number;
  /** How often this message was handed out: from 1, and from 1 again after a retry. More than 1 means that a worker died with it. */
  readonly deliveries: number;
  /** The task itself. `task.eta` of a periodic task is the nominal time of its slot. */
  readonly task: Task;
  /** Aborted at the timeout, when the task is revoked, and at a shutdown. */
  readonly signal: AbortSignal;
  /** Tells how far the task is; `Result.progress` reads it. */
  progress(value: unknown): Promise<void>;
}

/** The context of one attempt. */
export function createContext(core: Core, task: Task, attempt: Attempt): TaskContext {
  return {
    id: task.id,
    name: task.name,
    attempt: task.attempt,
    retries: task.retries,
    deliveries: attempt.delivery.deliveries,
    task,
    get signal() {
      return attempt.signal;
    },
    async progress(value) {
      await core.storage.put("progress", task.id, await core.serializer.encode(value), {
        ttl: task.fields.settings.resultTtl ?? core.settings.resultTtl,
        now: core.storageTime(),
      });
    },
  };
}
