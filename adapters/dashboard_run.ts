import type { End, Task } from "../mod.ts";

/** An attempt that has ended. */
export interface Run {
  id: string;
  name: string;
  attempt: number;
  /** The signal that tells its end. */
  status: string;
  /** Whether it was followed by another attempt. */
  again?: true;
  /** When the task was due, or called; epoch milliseconds, as all instants here. */
  due?: number;
  started?: number;
  ended: number;
  error?: { name: string; message: string; stack?: string };
  args?: readonly unknown[];
  /** What came after it in its pipeline: ids and names. */
  stages?: [id: string, name: string][];
  /** The process that ran it. */
  worker: string;
}

const LONGEST_TEXT = 2_000;
/** How much of arguments is kept: characters, and a few for each value. */
const LARGEST_ARGS = 1_000;

/** How an attempt has ended, as plain data. */
export function toRun(
  task: Task,
  { signals, settled }: End,
  { started, ended, worker, args }: { started?: number; ended: number; worker: string; args: boolean },
): Run {
  // Of its own signals the first tells the end; those of what follows it are here too.
  const own = signals.find(({ signal, task: { id } }) =>
    id === task.id && signal !== "enqueued" && signal !== "scheduled"
  );
  const { stages } = task.fields;
  return {
    id: task.id,
    name: task.name,
    attempt: task.attempt,
    status: own?.signal ?? (settled === "complete" ? "complete" : "error"),
    ...settled === "retried" && { again: true },
    due: dueAt(task),
    started,
    ended,
    ...own?.error !== undefined && { error: toError(own.error) },
    ...args && sizeOf(task.args) < LARGEST_ARGS && { args: task.args },
    ...stages?.length && { stages: stages.map(({ id, name }): [string, string] => [id, name]) },
    worker,
  };
}

/** When a task was called, if it has an id of ours: those begin with the time. */
export function calledAt(id: string): number | undefined {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/** When a task was due: its eta, or its call. */
function dueAt({ id, eta }: Task): number | undefined {
  const called = calledAt(id);
  return eta === undefined ? called : Math.max(eta, called ?? 0);
}

function toError(thrown: unknown): Run["error"] {
  if (!(thrown instanceof Error)) return { name: "Error", message: cut(describe(thrown)) };
  const { name, message, stack } = thrown;
  return {
    name: cut(describe(name)),
    message: cut(describe(message)),
    ...typeof stack === "string" && { stack: cut(stack) },
  };
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value that cannot be shown";
  }
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

/** About how many characters a value takes; counting ends where it is too large. */
function sizeOf(value: unknown, seen: Set<object> = new Set()): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || seen.has(value)) return 8;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  const parts = value instanceof Map
    ? [...value].flat()
    : value instanceof Set
    ? [...value]
    : Object.entries(value).flat();
  let size = 8;
  for (const part of parts) if ((size += sizeOf(part, seen)) > LARGEST_ARGS) break;
  return size;
}
