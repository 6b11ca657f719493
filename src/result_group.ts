/**
 * The handles on several outcomes: of a group, of the stages of a pipeline, of the members of a chord.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { HueyError, TaskCanceled, TaskException } from "./errors.ts";
import type { GetOptions, Result } from "./result.ts";
import { toMilliseconds } from "./time.ts";

/** A handle on each of several values. */
export type ResultsOf<Values extends unknown[]> = { [K in keyof Values]: Result<Values[K]> };

/** The handles on several outcomes, in order. */
export class ResultGroup<Values extends unknown[] = unknown[]> implements Iterable<Result<Values[number]>> {
  readonly #core: Core;
  readonly #results: readonly Result<Values[number]>[];

  /** Made by the library. */
  constructor(core: Core, results: readonly Result<unknown>[]) {
    this.#core = core;
    this.#results = results as readonly Result<Values[number]>[];
  }

  /** How many there are. */
  get length(): number {
    return this.#results.length;
  }

  /** One of them; from the end, if the index is negative. */
  at<Index extends number>(
    index: Index,
  ): Result<Index extends keyof Values ? Values[Index] : Values[number]> | undefined {
    return this.#results.at(index) as Result<Index extends keyof Values ? Values[Index] : Values[number]> | undefined;
  }

  /** The handles, one after the other. */
  [Symbol.iterator](): Iterator<Result<Values[number]>> {
    return this.#results[Symbol.iterator]();
  }

  /**
   * The values, in order, as `Result.get` gives each; `timeout` is for all of them together.
   *
   * @throws what the first of them that has not succeeded throws.
   */
  get(options: GetOptions & { blocking: true }): Promise<Values>;
  /** The values that are there. */
  get(options?: GetOptions): Promise<{ [K in keyof Values]: Values[K] | undefined }>;
  async get(options: GetOptions = {}): Promise<unknown[]> {
    const { clock } = this.#core;
    const { timeout } = options;
    const until = timeout === undefined ? undefined : clock.now() + toMilliseconds("timeout", timeout);
    const values: unknown[] = [];
    // One after the other: by the time the first has come, most of the others have, too.
    for (const result of this.#results) {
      const left = until === undefined ? undefined : Math.max(0, until - clock.now()) / 1_000;
      values.push(await result.get({ ...options, timeout: left }));
    }
    return values;
  }

  /**
   * The handles in the order in which their tasks end, however they end.
   *
   * @throws {ResultTimeout} if `timeout` passes before all have ended.
   */
  async *asCompleted(options: Pick<GetOptions, "timeout" | "signal"> = {}): AsyncGenerator<Result<Values[number]>> {
    const abandoned = new AbortController();
    const signal = AbortSignal.any([abandoned.signal, ...(options.signal ? [options.signal] : [])]);
    const waiting = new Map(this.#results.map((result) => [result, ended(result, { ...options, signal })]));
    for (const promise of waiting.values()) promise.catch(() => {});
    try {
      while (waiting.size > 0) {
        const result = await Promise.race(waiting.values());
        waiting.delete(result);
        yield result;
      }
    } finally {
      abandoned.abort(new HueyError("Nobody waits for the rest of the group any more"));
    }
  }
}

/** Resolves with the handle when its task has ended, however; rejects if the waiting itself ends before. */
async function ended<R>(result: Result<R>, options: Pick<GetOptions, "timeout" | "signal">): Promise<Result<R>> {
  try {
    await result.get({ ...options, blocking: true });
  } catch (error) {
    if (!(error instanceof TaskException || error instanceof TaskCanceled)) throw error;
  }
  return result;
}
