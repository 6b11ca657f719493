/**
 * A stand-in for the part of `@std/assert` that our tests use, over `node:assert`.
 *
 * JSR cannot be reached from every machine that runs the tests, and Bun and Node do not read it at all. The signatures
 * are the real ones. Equality is that of `node:assert`, which is stricter than the real one in a few corners (`0` and
 * `-0`, messages of errors, prototypes), so that what passes here passes there.
 *
 * @module
 */

import { AssertionError, deepStrictEqual, notDeepStrictEqual } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";

export { AssertionError };

/** A class whose instances are `T`, abstract or not. */
export type ClassOf<T> = abstract new (...args: never[]) => T;

function check(ok: boolean, problem: string, msg?: string): asserts ok {
  if (!ok) throw new AssertionError({ message: msg ? `${problem}: ${msg}` : problem });
}

/** Passes if `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  check(Boolean(expr), "Expected a truthy value", msg);
}

/** Passes if `expr` is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is false | 0 | "" | null | undefined {
  check(!expr, `Expected a falsy value, not ${inspect(expr)}`, msg);
}

/** Passes if both are deeply equal; `{ a: undefined }` and `{}` are not. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    check(false, (error as Error).message, msg);
  }
}

/** Passes if the two are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  notDeepStrictEqual(actual, expected, msg);
}

/** Passes if both are the same value, as `Object.is` has it. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  check(Object.is(actual, expected), `Expected ${inspect(expected)}, not ${inspect(actual)}`, msg);
}

/** Passes if the two are not the same value, as `Object.is` has it. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  check(!Object.is(actual, expected), `Expected anything but ${inspect(expected)}`, msg);
}

/** Passes if the numbers differ by at most `tolerance`, which is a ten-millionth of `expected` by default. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  const allowed = tolerance ??
    (isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const close = Object.is(actual, expected) ||
    Math.abs(expected - actual) <= allowed;
  check(close, `Expected ${actual} to be within ${allowed} of ${expected}`, msg);
}

/** Passes if the value is neither `undefined` nor `null`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  check(actual !== undefined && actual !== null, `Expected a value, not ${actual}`, msg);
}

/** Passes if the expression matches the string. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  check(expected.test(actual), `Expected ${inspect(actual)} to match ${expected}`, msg);
}

/** Passes if the expression does not match the string. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  check(!expected.test(actual), `Expected ${inspect(actual)} not to match ${expected}`, msg);
}

/** Passes if `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  check(actual.includes(expected), `Expected ${inspect(actual)} to include ${inspect(expected)}`, msg);
}

/** Passes if each of the expected values is deeply equal to one of the actual ones. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  msg?: string,
): void {
  const missing = Array.from(expected).filter((item) =>
    !Array.from(actual).some((has) => isDeepStrictEqual(has, item))
  );
  check(missing.length === 0, `Expected ${inspect(actual)} to include ${inspect(missing)}`, msg);
}

/** Passes if all that `expected` names is in `actual` and deeply equal there. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(named(actual, expected), expected, msg);
}

/** The part of `actual` that `expected` names, at every depth. */
function named(actual: unknown, expected: unknown): unknown {
  if (!isRecord(actual) || !isRecord(expected)) return actual;
  const keys = Object.keys(expected).filter((key) => key in actual);
  return Object.fromEntries(keys.map((key) => [key, named(actual[key], expected[key])]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** Passes if `actual` is an instance of the class. */
export function assertInstanceOf<T>(actual: unknown, expectedType: ClassOf<T>, msg = ""): asserts actual is T {
  check(actual instanceof expectedType, `Expected an instance of ${expectedType.name}, not ${inspect(actual)}`, msg);
}

/** Passes if `error` is of the class, and its message includes the string or matches the expression. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ClassOf<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  assertInstanceOf(error, ErrorClass ?? Error, msg);
  const { message } = error as Error;
  if (msgMatches instanceof RegExp) assertMatch(message, msgMatches, msg);
  else assertStringIncludes(message, msgMatches ?? "", msg);
}

/** Passes if `fn` throws, and gives the error. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Passes if `fn` throws an error of the class whose message includes the string, and gives the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  classOrMsg?: ClassOf<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  check(false, "Expected function to throw", typeof classOrMsg === "string" ? classOrMsg : msg);
}

/** Passes if the promise that `fn` returns rejects, and gives the error. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Passes if that promise rejects with an error of the class whose message includes the string, and gives the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ClassOf<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const suffix = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch (error) {
    check(false, `Expected function to reject, but it threw ${inspect(error)}`, suffix);
  }
  check(typeof promise?.then === "function", "Expected function to return a promise", suffix);
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
    return error;
  }
  check(false, "Expected function to reject", suffix);
}

/** Passes if `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  check(actual > expected, `Expected ${inspect(actual)} > ${inspect(expected)}`, msg);
}

/** Passes if `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  check(actual >= expected, `Expected ${inspect(actual)} >= ${inspect(expected)}`, msg);
}

/** Passes if `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  check(actual < expected, `Expected ${inspect(actual)} < ${inspect(expected)}`, msg);
}

/** Passes if `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  check(actual <= expected, `Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

/** Fails, always. */
export function fail(msg?: string): never {
  throw new AssertionError({
    message: msg ? `Failed assertion: ${msg}` : "Failed assertion",
  });
}

/** Fails: this place was not to be reached. */
export function unreachable(msg?: string): never {
  throw new AssertionError({
    message: msg ? `Unreachable: ${msg}` : "Unreachable",
  });
}
