/**
 * Values that may be promises, but seldom are.
 *
 * @module
 */

/** Goes on with a value: at once if it is there already, since a promise each would be most of what a short task takes. */
export function whenReady<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<Awaited<R>> {
  return isPromise(value) ? value.then(next) as Promise<Awaited<R>> : next(value);
}

/** Whether it can be waited for, as a promise of any realm can. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined)?.then === "function";
}
