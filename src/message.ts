/**
 * A task at rest and back: what of a task travels in the body of its message, and what stands beside it for the storage.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { HueyError } from "./errors.ts";
import { isRecord } from "./kept.ts";
import type { Message } from "./storage.ts";
import { type Carrier, Task, type TaskFields } from "./task.ts";
import { type CallSettings, type Expiry, toTaskSettings } from "./task_options.ts";

/**
 * The body of a message, before it is serialised. Only what differs from the task function's options is in it. The id
 * and the name stand here too, so that a signature covers them. Fields that this version does not know survive a retry.
 */
interface Envelope {
  id: string;
  name: string;
  args: readonly unknown[];
  attempt?: number;
  delays?: number;
  changes?: CallSettings;
  expiry?: Expiry;
  /** Of what is still to come: when it is to run. Of a message, that stands beside the body. */
  eta?: number;
  delay?: number;
  stages?: Envelope[];
  handler?: Envelope;
  join?: { id: string; index: number };
  booking?: { place: number; at: number };
  waited?: boolean;
  carrier?: Carrier;
  schedule?: string;
  [unknown: string]: unknown;
}

/** A message whose body is not that of a task. */
export class UndecodableMessage extends HueyError {
  /** The class's name; survives minification. */
  override name = "UndecodableMessage";
}

/** A task as a message, and as it is from then on. */
export interface Made {
  message: Message;
  task: Task;
}

/**
 * The task as a message, and as it is from then on: its expiry is fixed now, counted from its eta where it has one. At
 * once, where the serialiser writes at once.
 */
export function toMessage(core: Core, task: Task): Made | Promise<Made> {
  const { id, name, eta, delay, expiry, settings } = task.fields;
  const expires = expiry ?? settings.expires;
  const at = expires && (expires.at ?? (eta ?? core.clock.now() + (delay ?? 0)) + expires.after);
  const made = at === undefined ? task : new Task({ ...task.fields, expiry: { ...expires, at } });
  const body = core.serializer.encode(close(made.fields, NOT_IN_BODY));
  const message: Message = { id, name, body: body as string };
  if (eta !== undefined) message.eta = eta;
  if (delay !== undefined) message.delay = delay;
  if (task.priority !== 0) message.priority = task.priority;
  return typeof body === "string" && !settings.unique
    ? { message, task: made }
    : complete(core, { message, task: made }, body);
}

async function complete(core: Core, { message, task }: Made, body: string | Promise<string>): Promise<Made> {
  message.body = await body;
  if (task.fields.settings.unique) message.unique = await uniqueKey(core, task);
  return { message, task };
}

/** The body of a task's message. When it is to run stands beside it. */
export async function encodeTask(core: Core, fields: TaskFields): Promise<string> {
  return await core.serializer.encode(close(fields, NOT_IN_BODY));
}

/**
 * The task of a message.
 *
 * @throws {UndecodableMessage} if it is not one.
 */
export async function toTask(core: Core, message: Message): Promise<Task> {
  let envelope: unknown;
  try {
    envelope = await core.serializer.decode(message.body);
  } catch (cause) {
    throw new UndecodableMessage(`The message cannot be decoded`, { cause });
  }
  if (!isEnvelope(envelope)) throw new UndecodableMessage("The message is not that of a task");
  if (envelope.id !== message.id || envelope.name !== message.name) {
    throw new UndecodableMessage("The message was made for another task than the one it is filed under");
  }
  return new Task({ ...open(core, envelope), eta: message.eta, delay: undefined });
}

/** A message's place in a listing: its task, or, if it cannot be decoded, a task of its name without arguments. */
export async function toListedTask(core: Core, message: Message): Promise<Task> {
  try {
    return await toTask(core, message);
  } catch {
    const { id, name, eta } = message;
    return new Task({ id, name, args: [], settings: toTaskSettings({}, false), changes: {}, eta });
  }
}

/** Deeper than any task is: a handler may have a handler, and so on. */
const MOST_LEVELS = 50;

/**
 * What comes out of a storage may have been written by anybody. None of ours is in it twice, so whoever goes in circles,
 * or would grow without end, is none.
 */
function isEnvelope(value: unknown, seen = new Set<unknown>(), level = 0): value is Envelope {
  if (!isRecord(value) || seen.has(value) || level > MOST_LEVELS) return false;
  if (typeof value.id !== "string" || typeof value.name !== "string") return false;
  seen.add(value);
  const { args, attempt = 1, delays = 0, changes, expiry, eta = 0, delay = 0 } = value;
  const { stages, handler, join, booking, schedule = "" } = value;
  const isNext = (next: unknown): boolean => isEnvelope(next, seen, level + 1);
  // Most have little of all this, so nothing is made to stand in for what is not there.
  return Array.isArray(args) && Number.isInteger(attempt) && Number.isInteger(delays) &&
    Number.isFinite(eta) && Number.isFinite(delay) && typeof schedule === "string" &&
    (changes === undefined ||
      isRecord(changes) && Object.values(changes).every((setting) => Number.isFinite(setting))) &&
    (expiry === undefined || isRecord(expiry) && isExpiry(expiry)) &&
    (stages === undefined || Array.isArray(stages) && stages.every(isNext)) &&
    (handler === undefined || isNext(handler)) &&
    (join === undefined || isRecord(join) && typeof join.id === "string" && Number.isInteger(join.index)) &&
    (booking === undefined || isRecord(booking) && Number.isInteger(booking.place) && Number.isFinite(booking.at));
}

function isExpiry({ at, after }: Record<string, unknown>): boolean {
  return Number.isFinite(at ?? after) && Number.isFinite(after ?? 0);
}

const NEVER_IN_BODY: ReadonlySet<string> = new Set(["settings", "unknown", "stages"]);
/** Stands beside the body of what is enqueued. */
const NOT_IN_BODY: ReadonlySet<string> = new Set([...NEVER_IN_BODY, "eta", "delay"]);

/** What of a task goes into the body: only what is there, since a pipeline has many stages that have little. */
function close(fields: TaskFields, without = NEVER_IN_BODY): Envelope {
  const { unknown, stages, handler } = fields;
  const envelope: Record<string, unknown> = { ...unknown };
  for (const key in fields) {
    const value = fields[key as keyof TaskFields];
    if (value === undefined || without.has(key)) continue;
    if (key !== "changes" || Object.keys(value).length > 0) envelope[key] = value;
  }
  if (stages?.length) envelope.stages = stages.map((stage) => close(stage));
  if (handler) envelope.handler = close(handler);
  return envelope as unknown as Envelope;
}

/** A task out of what was in a body. */
function open(core: Core, envelope: Envelope): TaskFields {
  const { id, name, args, attempt, delays, changes = {}, expiry, eta, delay, ...others } = envelope;
  const { stages, handler, join, booking, waited, schedule, carrier, ...unknown } = others;
  return {
    id,
    name,
    args,
    settings: core.registry.get(name)?.settings ?? toTaskSettings({}, false),
    changes,
    eta,
    delay,
    expiry,
    attempt,
    delays,
    stages: stages?.map((stage) => open(core, stage)),
    handler: handler && open(core, handler),
    join,
    booking,
    waited,
    schedule,
    carrier,
    unknown,
  };
}

async function uniqueKey(core: Core, task: Task): Promise<Message["unique"]> {
  const { key, within } = task.fields.settings.unique!;
  const text = key ? key(...task.args) : await core.serializer.encode(task.args);
  if (typeof text !== "string") throw new TypeError(`'unique.key' of task ${task.name} must give a string`);
  return {
    key: `${task.name}:${text.length > 64 ? await digest(text) : text}`,
    until: within === undefined ? undefined : core.clock.now() + within,
  };
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
