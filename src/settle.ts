/**
 * Settle: what the end of a delivery means for the storage. All of it is one settlement, so a crash cannot come between
 * a task's outcome and what follows from it; and its signals are sent only once that settlement was accepted.
 *
 * @module
 */
import type { Refusal } from "./admit.ts";
import type { Attempt } from "./attempt.ts";
import type { Core } from "./core.ts";
import { CancelExecution, describeError, HueyError } from "./errors.ts";
import { isLater } from "./announce.ts";
import { type Ending, type Executed, isAtMostOnce } from "./execute.ts";
import { readKept } from "./kept.ts";
import { log } from "./log.ts";
import { encodeTask, toMessage, toTask } from "./message.ts";
import { RequestsUsedUp } from "./meter.ts";
import { follow, followAttempt, type Following } from "./follow.ts";
import type { Finish } from "./outcome.ts";
import { isPromise, whenReady } from "./ready.ts";
import type { End } from "./recorder.ts";
import { nextAttempt } from "./retry.ts";
import {
  type Signal,
  SIGNAL_CANCELED,
  SIGNAL_COMPLETE,
  SIGNAL_DEAD,
  SIGNAL_ENQUEUED,
  SIGNAL_EXPIRED,
  SIGNAL_INTERRUPTED,
  SIGNAL_RETRYING,
  SIGNAL_REVOKED,
  SIGNAL_SCHEDULED,
} from "./signals.ts";
import type { Settlement, Write } from "./storage.ts";
import { Task } from "./task.ts";

/** What became of a delivery, in the words of a drain's report. */
export type Settled = End["settled"];

/** A settlement that is ready to be sent, with the signals that follow it. */
export interface Draft extends End {
  /** Without what the attempt holds, which it gives back. */
  settlement: Omit<Settlement, "receipt">;
  /** Sent once it was accepted. */
  signals: { signal: Signal; task: Task; error?: unknown }[];
}

/** The note of a dead letter. */
export interface DeadNote {
  /** Why it will not run again by itself. */
  reason: string;
  /** What was thrown, if something was. */
  error?: string;
}

/** What the end of a delivery means; `undefined` if somebody else has it by now. Never throws. */
export async function toDraft(core: Core, attempt: Attempt, { task, ending }: Executed): Promise<Draft | undefined> {
  if (ending.kind === "lost") return undefined;
  try {
    return await drafted(core, attempt, task, ending);
  } catch (error) {
    return await buried(core, task, "its end cannot be stored", error);
  }
}

/** The settlement itself; with it goes back what the attempt holds. */
export function toSettlement({ delivery, holds }: Attempt, { settlement }: Draft): Settlement {
  const { receipt } = delivery;
  if (holds.length === 0) return { receipt, ...settlement };
  const freed = holds.map(({ space, key }) => ({ space, key }));
  return { receipt, ...settlement, writes: [...settlement.writes ?? [], ...freed] };
}

/** Brings the end of a delivery to the storage, and tells what became of it. Never throws. */
export async function settle(core: Core, attempt: Attempt, executed: Executed): Promise<Settled> {
  const { task } = executed;
  let draft = await toDraft(core, attempt, executed);
  while (draft) {
    let accepted: boolean;
    const takeBack = record(core, task, draft);
    try {
      accepted = await core.pump.settle(toSettlement(attempt, draft));
    } catch (error) {
      // The storage can never take this one. A dead letter without the value is what it can take.
      takeBack();
      if (error instanceof RequestsUsedUp) return lost(task, "its drain has used up its requests");
      draft = draft.settlement.bury ? undefined : await buried(core, task, "its outcome cannot be stored", error);
      continue;
    }
    if (!accepted) {
      takeBack();
      break;
    }
    sendSignals(core, draft);
    return draft.settled;
  }
  return lost(task);
}

/** Tells those who keep a history how a delivery is about to end; gives what takes that back. */
function record(core: Core, task: Task, draft: Draft): () => void {
  const undos = Array.from(core.recorders, (recorder) => recorder.ending(task, draft));
  return () => undos.forEach((undo) => undo());
}

/** Sends the signals of an end that was accepted. */
export function sendSignals(core: Core, { signals }: Draft): void {
  for (const { signal, task, error } of signals) core.signals.send(signal, task, error);
}

/** Tells that somebody else has a task by now, or will have it. */
export function lost({ id, name }: { id: string; name: string }, why = "its lease was lost to another worker"): "lost" {
  log("worker")?.warn("Task {name} {id} was not settled: {why}", { name, id, why });
  return "lost";
}

/** At once for most, where the serialiser writes at once. */
function drafted(
  core: Core,
  attempt: Attempt,
  task: Task,
  ending: Exclude<Ending, { kind: "lost" }>,
): Draft | Promise<Draft> {
  switch (ending.kind) {
    case "complete":
      return completed(core, task, ending.value);
    case "failed":
      return failed(core, attempt, task, ending.error, ending.signal);
    case "stopped": {
      const signals = { revoked: SIGNAL_REVOKED, expired: SIGNAL_EXPIRED, canceled: SIGNAL_CANCELED } as const;
      const { status, writes, error, moved } = ending;
      const alone = moved ? { stages: undefined, handler: undefined, join: undefined } : {};
      const ended = new Task({ ...task.fields, ...alone });
      return finished(core, ended, "stopped", { status }, signals[status], error, writes);
    }
    case "dead":
      return buried(core, task, ending.reason, ending.error);
    case "ticked": {
      const { enqueue = [], tasks = [], retry } = ending.tick;
      const settled = tasks.length > 0 ? "slot" : "waiting";
      return { settled, settlement: { enqueue, retry }, signals: signalsOf(core, { enqueue, tasks }) };
    }
    case "waiting":
      return postponed(core, task, ending.refusal);
    case "released":
      if (!attempt.started) {
        return { settled: "released", settlement: { release: { delay: ending.delay } }, signals: [] };
      }
      if (isAtMostOnce(core, task)) {
        return buried(
          core,
          task,
          "it was interrupted by a shutdown, and it must be delivered at most once",
          attempt.reason,
        );
      }
      return { settled: "released", settlement: { release: {} }, signals: [{ signal: SIGNAL_INTERRUPTED, task }] };
  }
}

/** A task whose function has returned. */
function completed(core: Core, task: Task, value: unknown): Draft | Promise<Draft> {
  const unserialisable = (error: unknown) => buried(core, task, "its return value cannot be serialised", error);
  try {
    const draft = finished(core, task, "complete", { status: "complete", value }, SIGNAL_COMPLETE);
    return isPromise(draft) ? draft.catch(unserialisable) : draft;
  } catch (error) {
    return unserialisable(error);
  }
}

/** A task that has to wait for what it needs. */
async function postponed(core: Core, task: Task, { signal, delay, booking }: Refusal): Promise<Draft> {
  const body = await encodeTask(core, { ...task.fields, booking, waited: true });
  return {
    settled: "waiting",
    settlement: { release: { delay, body } },
    signals: task.fields.waited ? [] : [{ signal, task }],
  };
}

/** A task that has ended. */
function finished(
  core: Core,
  task: Task,
  settled: Settled,
  finish: Finish,
  signal: Signal | undefined,
  error?: unknown,
  writes: Write[] = [],
): Draft | Promise<Draft> {
  return whenReady(follow(core, task, finish), (following): Draft => ({
    settled,
    settlement: {
      ...partsOf(following),
      writes: writes.length > 0 ? [...following.writes, ...writes] : following.writes,
    },
    signals: [...(signal ? [{ signal, task, error }] : []), ...signalsOf(core, following)],
  }));
}

/** A failed attempt: it is followed by another, or the task has failed for good. */
async function failed(
  core: Core,
  attempt: Attempt,
  task: Task,
  error: unknown,
  signal: Signal | undefined,
): Promise<Draft> {
  // Read anew: the function may have changed the arguments it was given, and is to meet them as they were enqueued.
  const next = nextAttempt(core, await toTask(core, attempt.delivery.message), error);
  if (!next) {
    const finish: Finish = error instanceof CancelExecution ? { status: "canceled" } : { status: "error", error };
    return finished(core, task, finish.status === "canceled" ? "stopped" : "failed", finish, signal, error);
  }
  const { message } = await toMessage(core, next);
  const following = core.settings.storeIntermediateErrors ? await followAttempt(core, task, error) : undefined;
  return {
    settled: "retried",
    settlement: { ...following && partsOf(following), retry: message },
    signals: [
      ...(signal ? [{ signal, task, error }] : []),
      { signal: SIGNAL_RETRYING, task: next },
      { signal: isLater(core, message) ? SIGNAL_SCHEDULED : SIGNAL_ENQUEUED, task: next },
      ...(following ? signalsOf(core, following) : []),
    ],
  };
}

/** A dead letter. Its outcome is an error, so that nobody waits for it for ever. */
async function buried(core: Core, task: Task, reason: string, error?: unknown): Promise<Draft> {
  const note: DeadNote = { reason, ...(error === undefined ? {} : { error: describeError(error) }) };
  const thrown = error ?? new HueyError(`Task ${task.name} ${task.id} became a dead letter: ${reason}`);
  log("worker")?.error("Task {name} {id} became a dead letter: {reason}", {
    ...note,
    name: task.name,
    id: task.id,
  });
  const following = await follow(core, task, { status: "error", error: thrown });
  return {
    settled: "failed",
    settlement: { ...partsOf(following), bury: `~${JSON.stringify(note)}` },
    signals: [{ signal: SIGNAL_DEAD, task, error: thrown }, ...signalsOf(core, following)],
  };
}

function partsOf({ writes, enqueue, joins }: Following): Pick<Settlement, "writes" | "enqueue" | "joins"> {
  return { writes, enqueue, joins };
}

/** The signals of what was added: as of anything that is enqueued. */
function signalsOf(core: Core, { enqueue, tasks }: Pick<Following, "enqueue" | "tasks">): Draft["signals"] {
  return tasks.flatMap((task, i) => [
    { signal: SIGNAL_ENQUEUED, task },
    ...(isLater(core, enqueue[i]) ? [{ signal: SIGNAL_SCHEDULED, task } as const] : []),
  ]);
}

/** The note of a dead letter, as it was written. */
export function readNote(note: string): DeadNote {
  return { reason: "its note cannot be read", ...readKept<DeadNote>(note) };
}
