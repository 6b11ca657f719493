/**
 * Looking at what is there, and taking things out: listings, counts, cancelling, dead letters, flushing.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { toListedTask } from "./message.ts";
import { follow } from "./follow.ts";
import { stopRunning } from "./revoke.ts";
import { replant } from "./schedules.ts";
import { readNote } from "./settle.ts";
import { SIGNAL_CANCELED, SIGNAL_ENQUEUED } from "./signals.ts";
import type { Flushed, Settlement, State, Stored } from "./storage.ts";
import type { Task } from "./task.ts";
import { show, toCount } from "./time.ts";

/** A task that will not run again by itself. What it was made of can be read; its builders are gone. */
export interface DeadTask extends Omit<Task, "error"> {
  /** Why. */
  readonly reason: string;
  /** What was thrown, as `name: message`, if something was. */
  readonly error: string | undefined;
}

/** How many there are of each. */
export interface QueueCounts {
  /** Ready to run. */
  queued: number;
  /** Waiting for their time, or for the members of their chord. */
  scheduled: number;
  /** In a worker's hands. */
  running: number;
  /** Dead letters. */
  dead: number;
  /** Outcomes that are kept. */
  results: number;
}

/**
 * What `huey.flush` can remove. `all` also forgets which unique tasks and which slots of periodic tasks there have been:
 * another process may add them again, as it would to a new storage.
 */
export type Flushable = "queue" | "schedule" | "results" | "locks" | "dead" | "all";

const FLUSHED: Record<Flushable, Flushed[]> = {
  queue: ["queued"],
  schedule: ["scheduled", "waiting"],
  results: ["results", "progress"],
  locks: ["locks", "limits"],
  dead: ["dead"],
  all: [
    ...["queued", "scheduled", "waiting", "running", "dead", "unique"] as const,
    ...["results", "progress", "revoked", "locks", "limits", "keys", "schedules", "workers", "history"] as const,
  ],
};

/** The tasks in a state, next or newest first. */
export async function listTasks(core: Core, state: State, limit: number = Infinity): Promise<Task[]> {
  const found = await core.storage.list(state, { limit: toCount("limit", limit), now: core.storageTime() });
  return await Promise.all(found.map(({ message }) => toListedTask(core, message)));
}

/** The dead letters, newest first. */
export async function listDead(core: Core, limit: number = Infinity): Promise<DeadTask[]> {
  const found = await core.storage.list("dead", { limit: toCount("limit", limit), now: core.storageTime() });
  return await Promise.all(found.map(async ({ message, note }) => {
    const { reason, error } = readNote(note!);
    return Object.assign(await toListedTask(core, message), { reason, error });
  }));
}

/** How many there are of each. */
export async function countTasks(core: Core): Promise<QueueCounts> {
  const { queued, scheduled, waiting, running, dead, results } = await core.storage.counts(core.storageTime());
  return { queued, scheduled: scheduled + waiting, running, dead, results };
}

/** Puts dead letters back into the queue, one or all; gives how many. */
export async function retryDead(core: Core, id?: string): Promise<number> {
  const found = id === undefined
    ? await core.storage.list("dead", { now: core.storageTime() })
    : [await core.storage.find(id, core.storageTime())];
  const retried = await Promise.all(
    found.filter((stored) => stored?.state === "dead").map((stored) => retryOne(core, stored!)),
  );
  return retried.filter((accepted) => accepted).length;
}

async function retryOne(core: Core, { message: { id, name, body, priority } }: Stored): Promise<boolean> {
  const message = { id, name, body, priority };
  const task = await toListedTask(core, message);
  // Its end has settled the stages after it, too; now they are to come again.
  const ended = [task.fields, ...task.fields.stages ?? []];
  const accepted = await core.pump.settle({
    resting: { id, states: ["dead"] },
    retry: message,
    writes: ended.map(({ id }) => ({ space: "results", key: id })),
  });
  if (accepted) core.signals.send(SIGNAL_ENQUEUED, task);
  return accepted;
}

/** Takes a task out of queue or schedule and tells whether it did. One that is running is aborted instead. */
export async function cancel(core: Core, id: string): Promise<boolean> {
  const stored = await core.storage.find(id, core.storageTime());
  if (!stored || stored.state === "dead") return false;
  const task = await toListedTask(core, stored.message);
  // The mark of a schedule is no task: who does not want it deletes the schedule.
  if (task.fields.schedule !== undefined) return false;
  const accepted = await core.pump.settle({
    resting: { id, states: ["queued", "scheduled", "waiting"] },
    ...await cancelation(core, task),
  });
  if (accepted) core.signals.send(SIGNAL_CANCELED, task);
  else await stopRunning(core, id, { cancel: true });
  return accepted;
}

async function cancelation(core: Core, task: Task): Promise<Pick<Settlement, "writes" | "joins">> {
  const { writes, joins } = await follow(core, task, { status: "canceled" });
  return { writes, joins };
}

/** Removes what is named. Nobody who waits for it is told. */
export async function flush(core: Core, what: Flushable = "all"): Promise<void> {
  if (!Object.hasOwn(FLUSHED, what)) {
    throw new TypeError(`Cannot flush ${show(what)}: there is ${Object.keys(FLUSHED).map(show).join(", ")}`);
  }
  await core.storage.flush(FLUSHED[what]);
  if (what === "queue" || what === "schedule") await replant(core);
}
