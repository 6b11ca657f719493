/**
 * Durations, instants and the clock. Outside, a number is seconds and a string carries its unit; inside, everything is
 * epoch milliseconds, and every time comes from the clock that was passed in.
 *
 * @module
 */

/** How long: a number of seconds, or a string with its unit, as in `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"7d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** When: a `Date`, or epoch milliseconds. An instant in the past means now. */
export type Instant = Date | number;

/** Where the library gets its time from. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` if the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A duration in milliseconds.
 *
 * @throws {TypeError} if it is not a duration.
 * @throws {RangeError} if it is negative.
 */
export function toMilliseconds(option: string, value: Duration): number {
  const parts = typeof value === "string" ? /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : undefined;
  const ms = typeof value === "number" ? value * 1_000 : parts ? Number(parts[1]) * UNITS[parts[2]] : NaN;
  if (!Number.isFinite(ms)) {
    throw new TypeError(
      `Cannot read '${option}' as a duration: current value is ${show(value)}; ` +
        `give seconds as a number, or a string such as "250ms", "30s", "5m", "2h" or "7d"`,
    );
  }
  if (ms < 0) throw new RangeError(`Cannot use a negative '${option}': current value is ${show(value)}`);
  return Math.round(ms);
}

/**
 * An instant in epoch milliseconds.
 *
 * @throws {TypeError} if it is not an instant.
 */
export function toInstant(option: string, value: Instant): number {
  const ms = value instanceof Date ? value.getTime() : value;
  if (typeof ms !== "number" || !Number.isFinite(ms)) {
    throw new TypeError(
      `Cannot read '${option}' as an instant: current value is ${show(value)}; give a Date or epoch milliseconds`,
    );
  }
  return Math.round(ms);
}

/**
 * A count as it was given, checked.
 *
 * @throws {TypeError} if it is not a number.
 * @throws {RangeError} if it is not a whole number of at least `least`.
 */
export function toCount(option: string, value: number, least = 0): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read '${option}' as a number: current value is ${show(value)}`);
  }
  if (!(Number.isInteger(value) || value === Infinity) || value < least) {
    throw new RangeError(`'${option}' must be a whole number of at least ${least}: current value is ${show(value)}`);
  }
  return value;
}

/** A value for an error message: strings quoted, nothing that could be large. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "object" && value !== null) return value instanceof Date ? "an invalid Date" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** Timers fire at once beyond 2^31 ms, and a suspended laptop should notice that time has passed: sleeps are cut here. */
const LONGEST_TIMER = 30_000;

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    // By two clocks: one may be set back meanwhile, which is not to prolong the sleep; the other stands still while the
    // machine is suspended.
    const [until, over] = [Date.now() + ms, performance.now() + ms];
    const left = (): number => Math.min(until - Date.now(), over - performance.now());
    do await timer(Math.min(left(), LONGEST_TIMER), signal); while (left() > 0);
  },
};

function timer(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = (): void => {
      clearTimeout(id);
      reject(signal!.reason);
    };
    const id = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, Math.max(0, ms));
    signal?.addEventListener("abort", abort, { once: true });
  });
}
