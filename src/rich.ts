/**
 * The serialiser of an instance that names none: JSON where that is exact, devalue for all the rest.
 *
 * @module
 */
import { DevalueError, parse, stringify } from "devalue";
import {
  decodeJson,
  encodePlain,
  expectMark,
  malformed,
  PLAIN,
  refusal,
  type Serializer,
  unreadable,
} from "./serializer.ts";

/** What devalue writes, for everything that JSON would change. */
const RICH = "r";

/**
 * The default: keeps `undefined`, `NaN`, `Infinity`, `-0`, `bigint`, `Date`, `RegExp`, `URL`, `Map`, `Set`, binary data,
 * errors, and references that repeat or go in circles.
 *
 * An error keeps its name, message, stack, `cause` and (of an `AggregateError`) `errors`, and comes back as the nearest
 * built-in class. Instances of other classes, functions, symbols and promises are refused.
 *
 * @example
 * ```ts
 * import { rich } from "@hq/huey";
 *
 * const serializer = rich();
 * const text = await serializer.encode({ since: new Date(0), tags: new Set(["a"]) });
 * const value = await serializer.decode(text);
 * ```
 */
export function rich(): Serializer {
  return { encode: encodeRich, decode: decodeRich };
}

function encodeRich(value: unknown): string {
  try {
    return encodePlain(value) ?? encodeAny(value);
  } catch (error) {
    if (error instanceof DevalueError) throw refusal(error.value, richPath(error.path));
    throw unreadable(error);
  }
}

function encodeAny(value: unknown): string {
  // Beside the value and not inside it: an error is revived before what it refers to, which may be the error again.
  // devalue reads the map after the value, while it still grows.
  const details = new Map<Error, ErrorDetails>();
  const reducers = { Error: (thing: unknown) => thing instanceof Error && flatten(thing, details) };
  return RICH + stringify([value, details], reducers, { operations: { viewInfo } });
}

function decodeRich(text: string): unknown {
  expectMark(text, "rich()", RICH + PLAIN);
  if (text[0] !== RICH) return decodeJson(text);
  try {
    const [value, details] = parse(text.slice(1), { Error: revive });
    if (!(details instanceof Map)) throw malformed();
    for (const [error, { cause, errors }] of details) {
      if (!(error instanceof Error)) throw malformed();
      if (cause) define(error, "cause", cause[0]);
      if (errors) define(error, "errors", errors);
    }
    return value;
  } catch {
    // What was caught may quote the text.
    throw malformed();
  }
}

interface ErrorDetails {
  /** In an array, since `undefined` can be a cause. */
  cause?: [unknown];
  errors?: unknown;
}

type FlatError = [builtIn: string, name: string, message: string, stack: string | undefined];

const BUILT_IN_ERRORS = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, Error] as const;

function flatten(error: Error, details: Map<Error, ErrorDetails>): FlatError {
  const aggregate = error instanceof AggregateError;
  const cause = Object.hasOwn(error, "cause");
  if (cause || aggregate) {
    details.set(error, { ...(cause && { cause: [error.cause] }), ...(aggregate && { errors: error.errors }) });
  }
  const builtIn = aggregate ? AggregateError : BUILT_IN_ERRORS.find((type) => error instanceof type)!;
  return [builtIn.name, String(error.name), String(error.message), error.stack && String(error.stack)];
}

function revive([builtIn, name, message, stack]: FlatError): Error {
  const type = BUILT_IN_ERRORS.find((type) => type.name === builtIn) ?? Error;
  const error = builtIn === "AggregateError" ? new AggregateError([], message) : new type(message);
  if (error.name !== name) define(error, "name", String(name));
  define(error, "stack", stack === undefined ? undefined : String(stack));
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

/** A view of a part of a buffer is sent as that part alone: the rest of the buffer is nobody's business. */
function viewInfo(view: ArrayBufferView): {
  buffer: ArrayBufferLike;
  byteOffset: number;
  byteLength: number;
  length: number;
  bufferByteLength: number;
} {
  const { byteLength } = view;
  const buffer = byteLength === view.buffer.byteLength
    ? view.buffer
    : view.buffer.slice(view.byteOffset, view.byteOffset + byteLength);
  return { buffer, byteOffset: 0, byteLength, length: byteLength, bufferByteLength: byteLength };
}

/** devalue's path is that of `[value, details]`. */
function richPath(path: string): string {
  return path.replace(/^\[0\]\.?/, "").replace(/^\[1\]\.get\(.*?\)/, "(error)");
}
