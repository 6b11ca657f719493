/** How many in how long, as a limit has it. */
import { type Duration, toCount, toMilliseconds } from "./time.ts";

/** At most `limit` starts in any `per` milliseconds. */
export interface Rate {
  readonly limit: number;
  readonly per: number;
}

/**
 * A rate, checked.
 *
 * @throws {TypeError | RangeError} for values that cannot be.
 */
export function toRate({ limit, per }: { limit: number; per: Duration }): Rate {
  const rate = { limit: toCount("limit", limit, 1), per: toMilliseconds("per", per) };
  if (rate.limit === Infinity) throw new RangeError("'limit' must be a finite number: current value is Infinity");
  if (rate.per === 0) throw new RangeError("'per' must be more than 0");
  return rate;
}
