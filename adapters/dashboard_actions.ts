import { type Huey, Task, type TaskFields } from "../mod.ts";

/** What an action has come to, as the page that follows tells it; `undefined`: there is no such action. */
export type Deed = Promise<string | undefined>;

/** Does something to one task. */
export async function actOnTask(huey: Huey, id: string, action: string): Deed {
  switch (action) {
    case "cancel": {
      const there = await huey.core.storage.find(id, huey.core.storageTime());
      if (!there || there.state === "dead") return "nothing";
      await huey.cancel(id);
      return "canceled";
    }
    case "revoke":
      await huey.revoke(id);
      return "revoked";
    case "restore":
      return await huey.restore(id) ? "restored" : "nothing";
    case "retry":
      return await huey.retryDead(id) > 0 ? "retried" : "nothing";
    case "delete":
      return await deleteDead(huey, id) ? "deleted" : "nothing";
  }
}

/** Does something to all dead letters. */
export async function actOnDead(huey: Huey, action: string): Deed {
  if (action === "retry") return await huey.retryDead() > 0 ? "retried" : "nothing";
  if (action === "delete") {
    await huey.flush("dead");
    return "deleted";
  }
}

/** Does something to a schedule. */
export async function actOnSchedule(huey: Huey, name: string, action: string): Deed {
  switch (action) {
    case "pause":
      return await huey.schedules.pause(name) ? "paused" : "nothing";
    case "resume":
      return await huey.schedules.resume(name) ? "resumed" : "nothing";
    case "delete":
      return await huey.schedules.delete(name) ? "deleted" : "nothing";
    case "run":
      return await runNow(huey, name) ? "started" : "nothing";
  }
}

/** Enqueues what a schedule runs, as soon as possible. */
async function runNow(huey: Huey, name: string): Promise<boolean> {
  const { registry, newId } = huey.core;
  const stored = (await huey.schedules.list()).find((schedule) => schedule.name === name);
  const definition = registry.get(name);
  const fields = stored
    ? (stored.task as Task).fields
    : definition?.schedule && { id: "", name, args: [], settings: definition.settings, changes: {} };
  if (!fields) return false;
  await huey.enqueue([new Task<[]>(anew(newId, fields))]);
  return true;
}

/** The same task under new ids, all through: an earlier run of it may not have ended yet. */
function anew(newId: () => string, fields: TaskFields): TaskFields {
  const { stages, handler } = fields;
  return {
    ...fields,
    id: newId(),
    stages: stages?.map((stage) => anew(newId, stage)),
    handler: handler && anew(newId, handler),
  };
}

/** Only a dead letter: what somebody has retried meanwhile stays. */
async function deleteDead({ core }: Huey, id: string): Promise<boolean> {
  const { settled } = await core.storage.exchange({
    request: crypto.randomUUID(),
    now: core.storageTime(),
    settle: [{ resting: { id, states: ["dead"] } }],
  });
  return settled[0];
}
