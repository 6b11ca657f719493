/**
 * Immediate mode: what is enqueued runs where it is called, on the storage named, through the same steps and the same
 * serialisation as in a consumer. What is due later stays in the schedule.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { drain } from "./drain.ts";

/** Runs what is ready. One at a time: a task that calls another waits for it as a function would. */
export async function runImmediately(core: Core): Promise<void> {
  await drain(core, { maxTasks: Infinity, budget: Infinity, concurrency: 1 }, null);
}
