/**
 * Reschedule: the same call at another time, under a new id.
 *
 * @module
 */
import { announce } from "./announce.ts";
import type { Core } from "./core.ts";
import { HueyError } from "./errors.ts";
import { toMessage, toTask } from "./message.ts";
import { outcomeWrites } from "./outcome.ts";
import { stopRunning } from "./revoke.ts";
import { SIGNAL_REVOKED } from "./signals.ts";
import { Task } from "./task.ts";
import type { CallOptions } from "./task_options.ts";

/** Revokes a task, enqueues the same call with these options, and gives it with the id under which it is awaited. */
export async function reschedule(
  core: Core,
  id: string,
  known: Task | undefined,
  options: Omit<CallOptions, "id">,
): Promise<{ id: string; task: Task }> {
  const stored = await core.storage.find(id, core.storageTime());
  const old = stored ? await toTask(core, stored.message) : known;
  if (!old) {
    throw new HueyError(`Cannot reschedule task ${id}: it has ended, and this handle does not know its arguments`);
  }

  const { expiry } = old.fields;
  const fields = { ...old.fields, id: core.newId(), eta: undefined, delay: undefined };
  // What expires so long after its time does so after its new time.
  const copy = new Task({ ...fields, expiry: expiry?.after === undefined ? expiry : { after: expiry.after } })
    .with(options);
  const { message, task } = await toMessage(core, copy);
  // The old one goes and the new one comes in one step, unless somebody is at work on it.
  const moved = stored !== undefined && await core.pump.settle({
    resting: { id, states: ["queued", "scheduled", "waiting"] },
    writes: await outcomeWrites(core, old, { status: "revoked" }),
    enqueue: [message],
  });
  if (moved) {
    core.signals.send(SIGNAL_REVOKED, old);
    announce(core, { id: task.id, added: true }, message, task);
    return { id: task.id, task };
  }
  if (stored) await stopRunning(core, id, { moved: true });
  // What runs still holds its key.
  if (stored?.state === "running") delete message.unique;
  const [enqueued] = await core.pump.enqueue([message]);
  announce(core, enqueued, message, task);
  return { id: enqueued.id, task };
}
