/**
 * The signals of a message that was added.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "./signals.ts";
import type { Enqueued, Message } from "./storage.ts";
import type { Task } from "./task.ts";

/** Sends the signals of a message that was added; one that was there already sent them before. */
export function announce(core: Core, { added }: Enqueued, message: Message, task: Task): void {
  if (!added) return;
  core.signals.send(SIGNAL_ENQUEUED, task);
  if (isLater(core, message)) core.signals.send(SIGNAL_SCHEDULED, task);
}

/** Whether the message goes to the schedule rather than to the queue. */
export function isLater(core: Core, { eta, delay }: Message): boolean {
  return (delay ?? (eta && eta - core.clock.now()) ?? 0) > 0;
}
