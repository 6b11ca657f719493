/**
 * Enqueue: a task becomes a message, and is accepted once the storage has it.
 *
 * @module
 */
import { announce } from "./announce.ts";
import type { Core } from "./core.ts";
import { Chord, type ChordResult, flatten, Group, group, tailId } from "./group.ts";
import { runImmediately } from "./immediate.ts";
import { toMessage } from "./message.ts";
import { Result } from "./result.ts";
import { ResultGroup } from "./result_group.ts";
import { fit } from "./schema.ts";
import { Task } from "./task.ts";

/** A task, and for how many parts of a chord it is to wait. */
export interface Enqueueable {
  task: Task;
  parts?: number;
}

/** Adds tasks in one request; gives the handle on each. */
export async function enqueue(core: Core, tasks: readonly Enqueueable[]): Promise<Result<unknown>[]> {
  const made = await Promise.all(tasks.map(async ({ task, parts }) => {
    const { schema } = task.fields.settings;
    // Of what waits for others, an argument is still to come.
    if (schema && parts === undefined) await fit(task.name, schema, task.args);
    const { message, task: fixed } = await toMessage(core, task);
    return { message: parts === undefined ? message : { ...message, parts }, task: fixed };
  }));
  const enqueued = await core.pump.enqueue(made.map(({ message }) => message));
  made.forEach(({ message, task }, i) => announce(core, enqueued[i], message, task));
  if (core.settings.immediate) await runImmediately(core);
  return enqueued.map(({ id }, i) => new Result(core, id, made[i].task));
}

/** Adds whatever can be enqueued; gives the handle or the handles that belong to it. */
export async function submit(core: Core, what: Task | Group | Chord | readonly Task[]): Promise<Submitted> {
  if (what instanceof Chord) {
    await enqueue(core, flatten(what));
    const callback = new Result(core, tailId(what));
    const members = what.members.map((member) => new Result(core, tailId(member)));
    return { results: new ResultGroup(core, members), callback, get: callback.get.bind(callback) };
  }
  if (what instanceof Task) {
    const [first] = await enqueue(core, [{ task: what }]);
    const { stages } = what.fields;
    return stages ? new ResultGroup(core, [first, ...stages.map(({ id }) => new Result(core, id))]) : first;
  }
  const members = what instanceof Group ? what.members : group(what).members;
  const results = await enqueue(
    core,
    members.flatMap((member) => member instanceof Chord ? flatten(member) : [{ task: member }]),
  );
  // A message that was there already, or holds the key, has its own id; a pipeline is awaited under that of its last stage.
  const byId = new Map(results.map((result, i) => [members[i] && tailId(members[i]), result]));
  return new ResultGroup(core, members.map((member) => byId.get(tailId(member)) ?? new Result(core, tailId(member))));
}

/** What {@linkcode submit} gives. */
export type Submitted = Result | ResultGroup | ChordResult;
