/**
 * How arguments and outcomes become text and values again: the contract, and plain JSON, where every stack of
 * serialisers ends.
 *
 * Every text begins with a mark that names its format. No mark begins a JSON text: a client that parses what it reads
 * (Upstash's does) must find nothing to parse.
 *
 * @module
 */
import { HueyError } from "./errors.ts";

/** Turns values into text and back. What one `encode` wrote, `decode` of an equal serialiser reads. */
export interface Serializer {
  /** The value as text that is not JSON. Throws {@linkcode SerializationError} if it cannot be carried. */
  encode(value: unknown): string | Promise<string>;
  /** The value of a text, or a promise of it. Throws {@linkcode SerializationError} if the text cannot be read. */
  decode(text: string): unknown;
}

/** A value that cannot be carried, or a text that cannot be read. Says where and why, and never quotes what is in it. */
export class SerializationError extends HueyError {
  /** The class's name; survives minification. */
  override name = "SerializationError";
}

/** JSON; nothing after the mark is `undefined`, which is what most tasks return. */
export const PLAIN = "~";

/** Which serialiser writes which mark; `z` is compressed, `c` was not worth it. */
const MARKS: Record<string, string> = {
  "~": "json() or rich()",
  r: "rich()",
  s: "signed()",
  c: "compressed()",
  z: "compressed()",
  e: "encrypted()",
};

/** A fence far below what overflows any runtime's stack, so that what one could write, another can read. */
const MAX_DEPTH = 1_000;

/**
 * JSON, for messages that other programs read or write: the text is `~` and then JSON, or `~` alone for `undefined`.
 *
 * Where JSON has a rule it holds (`toJSON` is called, `undefined` in an object is left out, `NaN` becomes `null`); what
 * it would lose without a word is refused: functions, symbols, bigints, and objects such as `Map` or `Error` that it
 * writes as `{}`.
 *
 * @example
 * ```ts
 * import { Huey, json } from "@hq/huey";
 *
 * const huey = new Huey("my-app", { serializer: json() });
 * ```
 */
export function json(): Serializer {
  return { encode: encodeJson, decode: decodeJson };
}

/** The text of a value that JSON gives back exactly; `undefined` if it is none. */
export function encodePlain(value: unknown): string | undefined {
  if (value === undefined) return PLAIN;
  // A walk and then JSON.stringify: faster than JSON.stringify with a replacer, by far.
  return isPlain(value, 0, new Set()) ? PLAIN + JSON.stringify(value) : undefined;
}

function encodeJson(value: unknown): string {
  try {
    return encodePlain(value) ?? PLAIN + (JSON.stringify(value, refuseLoss()) ?? "");
  } catch (error) {
    if (error instanceof SerializationError) throw error;
    throw unreadable(error);
  }
}

/** The value of a text that `encodePlain` or `json()` wrote. */
export function decodeJson(text: string): unknown {
  expectMark(text, "json()", PLAIN);
  if (text.length === 1) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text.slice(1));
  } catch {
    throw malformed();
  }
  // Some engines parse any depth, and whoever walks the value then runs out of stack.
  if (text.length > 2 * MAX_DEPTH && isDeeper(value, MAX_DEPTH)) throw malformed("it is nested too deeply");
  return value;
}

/** Whether JSON gives back exactly this. A value that is met twice is not plain: it may be a circle, or grow without end. */
function isPlain(value: unknown, depth: number, seen: Set<object>): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object": {
      if (value === null) return true;
      if (depth === MAX_DEPTH || seen.has(value)) return false;
      seen.add(value);
      const prototype = Object.getPrototypeOf(value);
      if (Array.isArray(value)) {
        if (prototype !== Array.prototype) return false;
        for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1, seen)) return false;
        return true;
      }
      if (prototype !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return false;
      for (const key in value) {
        if (key === "__proto__" || !isPlain((value as Record<string, unknown>)[key], depth + 1, seen)) return false;
      }
      return true;
    }
  }
  return false;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

/** A replacer for `JSON.stringify` that throws where something would be lost. */
function refuseLoss(): (this: unknown, key: string, value: unknown) => unknown {
  const holders: unknown[] = [];
  const keys: string[] = [];
  return function (key, value) {
    // The way down to here: JSON.stringify goes depth first, so what is not this holder has been left.
    while (holders.length > 0 && holders.at(-1) !== this) {
      holders.pop();
      keys.pop();
    }
    const path = (): string =>
      [...keys, key].slice(1).map((k) => /^\d+$/.test(k) ? `[${k}]` : `.${k}`).join("").replace(/^\./, "");
    const isObject = typeof value === "object" && value !== null;
    const lossy = isObject
      ? !/ (Object|Array|String|Number|Boolean)]$/.test(Object.prototype.toString.call(value))
      : typeof value === "function" || typeof value === "symbol" || typeof value === "bigint";
    if (lossy) throw refusal(value, path());
    if (isObject) {
      if (holders.includes(value)) throw refusal(value, path(), "a circle of references");
      if (holders.length >= MAX_DEPTH) throw refusal(value, path(), "more than a thousand levels");
      holders.push(value);
      keys.push(key);
    }
    return value;
  };
}

/** For a value that cannot be carried; `path` leads to it from the value that was to be encoded. */
export function refusal(value: unknown, path: string, what: string = kindOf(value)): SerializationError {
  const where = path === "" ? "the top" : path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new SerializationError(`Cannot serialise ${what} at ${where}; pass plain data, or an id to look it up by`);
}

function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return name && name !== "Object"
    ? `an instance of ${name}`
    : "an object with a symbol key, a __proto__ key or a then method";
}

/** For what a getter, a proxy or the end of the stack threw on the way through a value. */
export function unreadable(error: unknown): SerializationError {
  const why = error instanceof RangeError ? "it is nested too deeply or too large" : "reading its properties threw";
  return new SerializationError(`Cannot serialise the value: ${why}`);
}

/** For a text that has the right mark and nonsense after it. */
export function malformed(why = "it is damaged, or was not written by this serialiser"): SerializationError {
  return new SerializationError(`Cannot decode the text: ${why}`);
}

/** Throws unless the text begins with one of the characters of `marks`; tells whose mark it has instead. */
export function expectMark(text: string, by: string, marks: string): void {
  const mark = text.slice(0, 1);
  if (mark !== "" && marks.includes(mark)) return;
  const found = Object.hasOwn(MARKS, mark) ? `it looks as if ${MARKS[mark]} wrote it` : "its mark is unknown";
  throw new SerializationError(`Cannot decode the text with ${by}: ${found}`);
}
