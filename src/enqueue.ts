/**
 * Enqueue: a task becomes a message, and is accepted once the storage has it.
 *
 * @module
 */
import { announce } from "./announce.ts";
import type { Core } from "./core.ts";
import { runImmediately } from "./immediate.ts";
import { toMessage } from "./message.ts";
import { Result } from "./result.ts";
import type { Task } from "./task.ts";

/** Adds tasks in one request, and gives the handles on their outcomes. */
export async function enqueue(core: Core, tasks: readonly Task[]): Promise<Result<unknown>[]> {
  const made = await Promise.all(tasks.map((task) => toMessage(core, task)));
  const enqueued = await core.pump.enqueue(made.map(({ message }) => message));
  made.forEach(({ message, task }, i) => announce(core, enqueued[i], message, task));
  if (core.settings.immediate) await runImmediately(core);
  return enqueued.map(({ id }, i) => new Result(core, id, made[i].task));
}
