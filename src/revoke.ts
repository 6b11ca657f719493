/**
 * Revocation: marks on a task, or on all tasks of a name, that a worker meets when it is handed the task or renews its
 * lease. A mark is not a removal: it can be taken back, and it may be there before the task is.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { CanceledStatus } from "./errors.ts";
import { readKept } from "./kept.ts";
import type { Mark, Write } from "./storage.ts";
import { type Instant, toInstant } from "./time.ts";

/** For `revoke`. */
export interface RevokeOptions {
  /** Until when it is revoked; absent: until it is restored. */
  until?: Instant;
  /** Only the next time it would run. @default {false} */
  once?: boolean;
}

/** As it is kept. `by` is the task that has used up a mark that holds only once; `cancel`: its end is that of a cancelled task; `moved`: what follows from it has gone to another. */
interface Revocation {
  once?: true;
  by?: string;
  cancel?: true;
  moved?: true;
}

/** How a mark ends a task, and what has to be written together with that end. */
export interface Revoked {
  status: CanceledStatus;
  writes: Write[];
  /** Whether its stages, its handler and its place in a chord have gone to another task. */
  moved?: true;
}

/** A mark that nobody ever meets must go at last. */
const LONGEST = 366 * 24 * 3_600_000;

/** Something that names a task: its id, the task itself, or the handle on its outcome. */
export type TaskReference = string | { readonly id: string };

/** The key of the mark on one task. */
export function idMark(task: TaskReference): string {
  return `id:${typeof task === "string" ? task : task.id}`;
}

/** The key of the mark on all tasks of a name. */
export function nameMark(name: string): string {
  return `name:${name}`;
}

/** Sets a mark. */
export async function revoke(core: Core, key: string, { until, once }: RevokeOptions = {}): Promise<void> {
  const now = core.clock.now();
  const ttl = until === undefined ? (key.startsWith("id:") ? LONGEST : undefined) : toInstant("until", until) - now;
  if (ttl !== undefined && ttl <= 0) return;
  await core.storage.put("revoked", key, write(once ? { once: true } : {}), { ttl, now: core.storageTime() });
}

/** Sets a mark that ends a running task, as cancelled or because another has come in its place, and is used up by that. */
export async function stopRunning(core: Core, id: string, why: { cancel: true } | { moved: true }): Promise<void> {
  const options = { ttl: core.settings.lease * 10, now: core.storageTime() };
  await core.storage.put("revoked", idMark(id), write({ once: true, ...why }), options);
}

/** Takes marks back; tells whether there were any. */
export function restore(core: Core, key: string): Promise<boolean> {
  return core.storage.delete("revoked", key, { now: core.storageTime() });
}

/** Whether any of these marks is there. */
export async function isRevoked(core: Core, keys: string[]): Promise<boolean> {
  const found = await core.storage.peek("revoked", keys, core.storageTime());
  return found.some((value) => value !== undefined && read(value).by === undefined);
}

/**
 * Whether one of the marks stops this task, and if so what has to be written together with its end. A mark that holds
 * only once is taken by exactly one task: first it is signed with the task's id, and it goes with the task's settlement,
 * so a crash in between neither uses it twice nor loses it.
 */
export async function revokedBy(core: Core, id: string, marks: readonly Mark[]): Promise<Revoked | undefined> {
  for (const { key, value } of marks) {
    const revocation = read(value);
    if (!revocation.once) {
      const kept: Write = { space: "revoked", key, value, ttl: core.settings.resultTtl };
      return { status: "revoked", writes: key === idMark(id) ? [kept] : [] };
    }
    const mine = write({ ...revocation, by: id });
    const taken = revocation.by === id || revocation.by === undefined &&
        await core.storage.put("revoked", key, mine, { ifValue: value, now: core.storageTime() });
    if (taken) {
      const { cancel, moved } = revocation;
      return { status: cancel ? "canceled" : "revoked", writes: [{ space: "revoked", key }], moved };
    }
  }
}

function write(revocation: Revocation): string {
  return `~${JSON.stringify(revocation)}`;
}

/** That there is a mark is what counts: one that cannot be read is one without conditions. */
function read(value: string): Revocation {
  return readKept<Revocation>(value) ?? {};
}
