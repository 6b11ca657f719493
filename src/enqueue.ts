/**
 * Enqueue: a task becomes a message, and is accepted once the storage has it.
 *
 * @module
 */
import { announce } from "./announce.ts";
import type { Core } from "./core.ts";
import { Chord, type ChordResult, flatten, Group, group, joinOf, tailId } from "./group.ts";
import { runImmediately } from "./immediate.ts";
import { type Made, toListedTask, toMessage } from "./message.ts";
import { outcomeWrites } from "./outcome.ts";
import { isPromise, whenReady } from "./ready.ts";
import { Result } from "./result.ts";
import { ResultGroup } from "./result_group.ts";
import { fit } from "./schema.ts";
import { anew, Task } from "./task.ts";

/** A task, and for how many parts of a chord it is to wait. */
export interface Enqueueable {
  task: Task;
  parts?: number;
}

/** Adds tasks; gives the handle on each. */
export function enqueue(core: Core, tasks: readonly Enqueueable[]): Promise<Result<unknown>[]> {
  const results = core.interceptor?.enqueue(tasks, (tasks) => add(core, tasks)) ?? add(core, tasks);
  return core.settings.immediate ? results.then((results) => runImmediately(core).then(() => results)) : results;
}

async function add(core: Core, tasks: readonly Enqueueable[]): Promise<Result<unknown>[]> {
  const making = tasks.map((one) => prepare(core, one));
  // To wait for what is there already would take longer than to make it.
  const made = making.some(isPromise) ? await Promise.all(making) : making as Made[];
  const enqueued = await core.pump.enqueue(made.map(({ message }) => message));
  let added: Set<string> | undefined;
  const again: Enqueueable[] = [];
  for (let i = 0; i < made.length; i++) {
    const { message, task } = made[i];
    announce(core, enqueued[i], message, task);
    if (enqueued[i].added) continue;
    const join = joinOf(task.fields);
    added ??= new Set(made.filter((_, i) => enqueued[i].added).map(({ message }) => message.id));
    // Its chord waits for it, and what is there under its id belongs to somebody else.
    if (join && message.parts === undefined && added.has(join.id)) {
      again.push({ task: new Task(anew(task.fields, core.newId)) });
    } else await cancelStages(core, task, enqueued[i].id);
  }
  if (again.length > 0) await add(core, again);
  return enqueued.map(({ id }, i) => new Result(core, id, made[i].task));
}

function prepare(core: Core, { task, parts }: Enqueueable): Made | Promise<Made> {
  const { schema } = task.fields.settings;
  try {
    // Of what waits for others, an argument is still to come.
    const made = schema && parts === undefined
      ? fit(task.name, schema, task.args).then(() => toMessage(core, task))
      : toMessage(core, task);
    return whenReady(made, (made) => asPart(made, parts));
  } catch (error) {
    // Others may be on their way, and must not fail unseen.
    return Promise.reject(error);
  }
}

function asPart(made: Made, parts?: number): Made {
  const { message, task } = made;
  if (parts !== undefined) message.parts = parts;
  // What is awaited by a chord, or with its members, must come, whoever holds its key.
  if (message.unique && (parts !== undefined || joinOf(task.fields))) delete message.unique;
  return made;
}

/** The stages of a pipeline whose first task was not added will never run, unless it is the same pipeline that is there. */
async function cancelStages(core: Core, task: Task, id: string): Promise<void> {
  const { stages = [] } = task.fields;
  if (stages.length === 0) return;
  const there = await core.storage.find(id, core.storageTime());
  const same = id === task.id && (!there || tailId(await toListedTask(core, there.message)) === tailId(task));
  for (const stage of same ? [] : stages) {
    for (const { space, key, value, ttl } of await outcomeWrites(core, new Task(stage), { status: "canceled" })) {
      await core.storage.put(space, key, value!, { ttl, now: core.storageTime() });
    }
  }
}

/** Adds whatever can be enqueued; gives the handle or the handles that belong to it. */
export async function submit(core: Core, what: Task | Group | Chord | readonly Task[]): Promise<Submitted> {
  if (what instanceof Task && !what.fields.stages) return (await enqueue(core, [{ task: what }]))[0];
  const single = what instanceof Task || what instanceof Chord;
  const members = single ? [what] : what instanceof Group ? what.members : group(what).members;
  const tasks = members.flatMap((member) => member instanceof Chord ? flatten(member) : [{ task: member }]);
  const results = await enqueue(core, tasks);
  if (!single && members.every((member) => member instanceof Task && !member.fields.stages)) {
    return new ResultGroup(core, results);
  }
  // A message whose unique key is held by another is awaited under that one's id.
  const byId = new Map<string, Result>();
  for (let i = 0; i < tasks.length; i++) byId.set(tasks[i].task.id, results[i]);
  const handle = (id: string): Result => byId.get(id) ?? new Result(core, id);
  if (what instanceof Chord) {
    const callback = handle(tailId(what));
    const results = new ResultGroup(core, what.members.map((member) => handle(tailId(member))));
    return { results, callback, get: callback.get.bind(callback) };
  }
  if (!(what instanceof Task)) return new ResultGroup(core, members.map((member) => handle(tailId(member))));
  const { id, stages = [] } = what.fields;
  return new ResultGroup(core, [id, ...stages.map(({ id }) => id)].map(handle));
}

/** What {@linkcode submit} gives. */
export type Submitted = Result | ResultGroup | ChordResult;
