/**
 * How the value of one stage becomes the arguments of the next.
 *
 * @module
 */

/** Several values, each of which becomes an argument of the next stage. */
export class Spread<Values extends unknown[]> {
  /** The values. */
  readonly values: Values;

  /** Made by {@linkcode spread}. */
  constructor(values: Values) {
    this.values = values;
  }
}

/**
 * Returned by a task: each value becomes an argument of the next stage. The task's own result is the list of them.
 *
 * @example
 * ```ts
 * import { Huey, spread } from "@hq/huey";
 *
 * const huey = new Huey("docs", { immediate: true });
 * const split = huey.task("split", (text: string) => spread(text.length, text.toUpperCase()));
 * const show = huey.task("show", (length: number, upper: string) => `${length} ${upper}`);
 *
 * const stages = await huey.enqueue(split.s("huey").pipe(show));
 * console.log(await stages.at(1)!.get()); // 4 HUEY
 * ```
 */
export function spread<Values extends unknown[]>(...values: Values): Spread<Values> {
  return new Spread(values);
}

/** The arguments that a value gives to the next stage. */
export type Appended<R> = R extends Spread<infer Values> ? Values : R extends undefined | void ? [] : [R];

/** What a task that returns this has as its result. */
export type ValueOf<R> = R extends Spread<infer Values> ? Values : R;

/** The value of a task, as it is kept. */
export function toValue(returned: unknown): unknown {
  return returned instanceof Spread ? returned.values : returned;
}

/** The arguments that it gives to the next stage. */
export function toArguments(returned: unknown): unknown[] {
  if (returned instanceof Spread) return returned.values;
  return returned === undefined ? [] : [returned];
}
