/**
 * Settlements that did not get through, and are sent until they do.
 *
 * @module
 */
import { describeError } from "./errors.ts";
import { log } from "./log.ts";
import { RequestsUsedUp } from "./meter.ts";
import type { Settlement, Storage } from "./storage.ts";
import type { Clock } from "./time.ts";

/** Something that is to be sent, and who waits for the answer. */
export interface Pending<T, A> {
  item: T;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/** Where to send it, and when. */
export interface ResendOptions {
  storage: Storage;
  clock: Clock;
  /** The time to pass to the storage, or `undefined` for the storage's own. */
  now: () => number | undefined;
}

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;

/** Sends settlements again, under the name of the first request, since it may have been executed and only its answer lost. */
export async function resend(
  options: ResendOptions,
  request: string | undefined,
  settling: Pending<Settlement, boolean>[],
  error: unknown,
): Promise<void> {
  const { storage, clock, now } = options;
  for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (isFinal(error)) return settleOneByOne(options, settling, error);
    if (error instanceof RequestsUsedUp) return settling.forEach(({ reject }) => reject(error));
    log("pump")?.warn("Could not settle {count} tasks, trying again in {pause} ms: {error}", {
      count: settling.length,
      pause,
      error: describeError(error),
    });
    await clock.sleep(pause);
    try {
      const answer = await storage.exchange({ now: now(), request, settle: settling.map(({ item }) => item) });
      return settling.forEach(({ resolve }, i) => resolve(answer.settled[i]));
    } catch (next) {
      error = next;
    }
  }
}

/** One settlement that can never be stored must not hold up the others that happened to travel with it. */
function settleOneByOne(options: ResendOptions, settling: Pending<Settlement, boolean>[], error: unknown): void {
  if (settling.length === 1) return settling[0].reject(error);
  for (const one of settling) {
    const request = crypto.randomUUID();
    options.storage.exchange({ now: options.now(), request, settle: [one.item] }).then(
      ({ settled }) => one.resolve(settled[0]),
      (error) => resend(options, request, [one], error),
    );
  }
}

/** A storage refuses what it can never take (a value that is too large, say) with a RangeError; all else may pass. */
function isFinal(error: unknown): boolean {
  return error instanceof RangeError;
}
