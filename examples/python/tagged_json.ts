// A serialiser that Python's Huey can share: JSON, in which a tag says what JSON has not. The other side is
// tagged_json.py; README.md has the tags.

const TAG = "$type";

/** A task as Python's Huey (3.x) has it in a message: a tuple, whose fields have these places. */
export type PythonFields = [
  id: string,
  name: string,
  eta: Date | null,
  retries: number,
  retryDelay: number,
  priority: number | null,
  args: unknown[],
  kwargs: Record<string, unknown>,
  onComplete: PythonMessage | null,
  onError: PythonMessage | null,
  expires: number | Date | null,
  expiresResolved: Date | null,
  timeout: number | null,
  chordConfig: unknown,
  retryBackoff: number | null,
];

/** A message of Python's Huey. */
export class PythonMessage {
  readonly fields: PythonFields;

  constructor(fields: PythonFields) {
    this.fields = fields;
  }
}

/** What Python's Huey keeps of a task that has failed. */
export class PythonError {
  readonly metadata: { error: string; retries?: number; traceback?: string; task_id?: string };

  constructor(metadata: PythonError["metadata"]) {
    this.metadata = metadata;
  }
}

/** A tuple, where Python wants one. One that comes from there is an array. */
export class Tuple {
  readonly items: readonly unknown[];

  constructor(...items: unknown[]) {
    this.items = items;
  }
}

/** The text of a value. */
export function encode(value: unknown): string {
  return JSON.stringify(toPlain(value));
}

/** The value of a text. */
export function decode(text: string): unknown {
  return fromPlain(JSON.parse(text));
}

function tagged(name: string, value: unknown): object {
  return { [TAG]: name, value };
}

function toPlain(value: unknown): unknown {
  switch (typeof value) {
    case "undefined":
      return null;
    case "string":
    case "boolean":
      return value;
    case "bigint":
      return tagged("int", String(value));
    case "number":
      // Python says inf and nan.
      return Number.isFinite(value) ? value : tagged("float", String(value).replace("Infinity", "inf").toLowerCase());
    case "object":
      return value === null ? null : objectToPlain(value);
  }
  throw new TypeError(`Cannot serialise a ${typeof value}: pass plain data, or an id to look it up by`);
}

function objectToPlain(value: object): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof PythonMessage) return tagged("message", value.fields.map(toPlain));
  if (value instanceof PythonError) return tagged("error", toPlain(value.metadata));
  if (value instanceof Tuple) return tagged("tuple", value.items.map(toPlain));
  if (value instanceof Set) return tagged("set", Array.from(value, toPlain));
  if (value instanceof Map) return tagged("dict", Array.from(value, (entry) => entry.map(toPlain)));
  if (value instanceof Date) return tagged("datetime", value.toISOString().slice(0, -1));
  if (value instanceof Uint8Array) {
    return tagged(
      "bytes",
      btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join("")),
    );
  }
  if (value instanceof Error) return tagged("exception", { type: value.name, message: value.message });
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (Object.hasOwn(value, TAG)) return tagged("dict", entries.map(([key, item]) => [key, toPlain(item)]));
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item)]));
}

const READERS: Record<string, (value: never) => unknown> = {
  int: (value: string) => BigInt(value),
  float: (value: string) => Number(value.replace("inf", "Infinity").replace("nan", "NaN")),
  // Of an older version, whose messages have fewer fields, the rest is null, as Python has it.
  message: (value: unknown[]) =>
    new PythonMessage(Array.from({ length: 15 }, (_, i) => fromPlain(value[i] ?? null)) as PythonFields),
  error: (value: PythonError["metadata"]) => new PythonError(fromPlain(value) as PythonError["metadata"]),
  tuple: (value: unknown[]) => value.map(fromPlain),
  set: (value: unknown[]) => new Set(value.map(fromPlain)),
  dict: (value: [unknown, unknown][]) => new Map(value.map(([key, item]) => [fromPlain(key), fromPlain(item)])),
  // Without a zone, and UTC.
  datetime: (value: string) => new Date(`${value}Z`),
  timedelta: (seconds: number) => seconds,
  bytes: (value: string) => Uint8Array.from(atob(value), (character) => character.charCodeAt(0)),
  exception: ({ type, message }: { type: string; message: string }) =>
    Object.assign(new Error(message), { name: type }),
};

function fromPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== "object" || value === null) return value;
  const name = (value as Record<string, unknown>)[TAG];
  if (name === undefined) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
  if (typeof name !== "string" || !Object.hasOwn(READERS, name)) {
    throw new TypeError(`Cannot read the tag ${JSON.stringify(name)}: is the other side newer?`);
  }
  return READERS[name]((value as { value: never }).value);
}
