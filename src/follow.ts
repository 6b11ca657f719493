/**
 * What follows from the end of a task: the next stage of its pipeline, or the cancelling of all later ones; its handler
 * of errors; its part of a chord. All of it goes into the settlement of that end.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { joinOf } from "./group.ts";
import { toMessage } from "./message.ts";
import { type Finish, type Outcome, outcomeWrites, readOutcome, toException, toFailure, toOutcome } from "./outcome.ts";
import { whenReady } from "./ready.ts";
import { SerializationError } from "./serializer.ts";
import { toArguments } from "./spread.ts";
import type { Join, Message, Write } from "./storage.ts";
import { Task, type TaskFields } from "./task.ts";

/** What goes into a settlement, and the tasks that are added by it. */
export interface Following {
  /** Outcomes. */
  writes: Write[];
  /** What is added. */
  enqueue: Message[];
  /** The tasks of `enqueue`. */
  tasks: Task[];
  /** The part for a chord. */
  joins: Join[];
}

/** What a member gives to its chord: its outcome, or that of the stage which failed. */
export type Part = Outcome & { taskId: string };

/** The values of a chord's members, for its callback: what was revoked, has expired or was cancelled has none. */
export async function readParts(core: Core, parts: readonly string[]): Promise<unknown[]> {
  return await Promise.all(parts.map(async (text) => {
    const part = await readOutcome(core, text) as Part;
    if (part.status === "complete") return part.value;
    return part.status === "error" ? toException(part.error, part.retries, part.taskId) : undefined;
  }));
}

/** The outcome of a task, and what follows from it. At once if nothing does, where the serialiser writes at once. */
export function follow(core: Core, task: Task, finish: Finish): Following | Promise<Following> {
  const { stages = [], handler } = task.fields;
  const isAlone = stages.length === 0 && !(finish.status === "error" && handler) && !joinOf(task.fields);
  return whenReady(outcomeWrites(core, task, finish), (writes) => {
    const following: Following = { writes, enqueue: [], tasks: [], joins: [] };
    return isAlone ? following : followOn(core, task, finish, following);
  });
}

async function followOn(core: Core, task: Task, finish: Finish, following: Following): Promise<Following> {
  const { stages = [], handler, carrier } = task.fields;
  const join = joinOf(task.fields);
  if (finish.status === "complete" && stages.length > 0) {
    const [next, ...later] = stages;
    await add(core, following, { ...append(next, toArguments(finish.value)), stages: later, carrier });
    return following;
  }
  for (const stage of stages) {
    following.writes.push(...await outcomeWrites(core, new Task(stage), { status: "canceled" }));
  }
  if (finish.status === "error" && handler) await addHandler(core, following, { ...handler, carrier }, finish.error);
  if (join) {
    const part: Part = { ...toOutcome(core, task, finish), taskId: task.id };
    following.joins.push({ ...join, value: await core.serializer.encode(part) });
  }
  return following;
}

/** The error of an attempt that will be followed by another: its outcome, and its handler. */
export async function followAttempt(core: Core, task: Task, error: unknown): Promise<Following> {
  const finish: Finish = { status: "error", error, intermediate: true };
  const following: Following = { writes: await outcomeWrites(core, task, finish), enqueue: [], tasks: [], joins: [] };
  const { handler, carrier } = task.fields;
  // Under an id of its own, as it is called again at the next failure.
  if (handler) await addHandler(core, following, { ...handler, carrier, id: core.newId() }, error);
  return following;
}

async function addHandler(core: Core, following: Following, handler: TaskFields, error: unknown): Promise<void> {
  try {
    await add(core, following, append(handler, [error]));
  } catch (refused) {
    if (!(refused instanceof SerializationError)) throw refused;
    // What was thrown cannot travel; its name, message and stack can.
    await add(core, following, append(handler, [toFailure(error)]));
  }
}

async function add(core: Core, following: Following, fields: TaskFields): Promise<void> {
  const { message, task } = await toMessage(core, new Task(fields));
  // A stage is awaited under its id, so it must come, whoever holds its key.
  delete message.unique;
  following.enqueue.push(message);
  following.tasks.push(task);
}

function append(fields: TaskFields, args: unknown[]): TaskFields {
  return { ...fields, args: [...fields.args, ...args] };
}
