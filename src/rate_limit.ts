/**
 * Rate limits: at most so many starts in any stretch of time, the first ones at once. A limit of n is n places; who
 * starts takes one for the whole stretch, so however the starts are spread, no stretch sees more than n of them.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { RateLimitExceeded } from "./errors.ts";
import { type Rate, toRate } from "./rate.ts";
import { type Duration, show } from "./time.ts";

/** For `huey.rateLimit`. */
export interface RateLimitOptions {
  /** How many starts. */
  limit: number;
  /** In any stretch of this length. */
  per: Duration;
  /** Whether a task that meets the limit is run again when there is a place, at the cost of no retry. @default {true} */
  retry?: boolean;
}

/** A start that is promised: in this place, not before this instant. */
export interface Booking {
  readonly place: number;
  readonly at: number;
}

/** When the next start in a place may be, and when the next one that is not yet promised to anybody. */
interface Place {
  free: number;
  open: number;
  /** As it is kept, if it is. */
  text?: string;
}

/** How often a place is tried for that others take at the same moment. */
const TRIES = 20;

/** A rate limit of a name. */
export class RateLimit {
  readonly #core: Core;
  readonly #name: string;
  readonly #rate: Rate;
  readonly #retry: boolean;

  /** Made by `huey.rateLimit`. */
  constructor(core: Core, name: string, options: RateLimitOptions) {
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`A rate limit needs a name that is not empty: current value is ${show(name)}`);
    }
    this.#core = core;
    this.#name = name;
    this.#rate = toRate(options);
    this.#retry = options.retry ?? true;
  }

  /**
   * Counts a start.
   *
   * @throws {RateLimitExceeded} if the limit is used up.
   */
  async acquire(): Promise<void> {
    const wait = await start(this.#core, `named:${this.#name}`, this.#rate);
    if (wait === 0) return;
    throw new RateLimitExceeded(`The rate limit ${show(this.#name)} is used up`, { delay: wait, retry: this.#retry });
  }

  /** A function that counts a start each time it is called. */
  wrap<Args extends unknown[], R>(fn: (...args: Args) => R | Promise<R>): (...args: Args) => Promise<R> {
    return async (...args) => {
      await this.acquire();
      return await fn(...args);
    };
  }
}

/** Starts, if there is a place: gives 0, or for how many milliseconds there is none. */
async function start(core: Core, name: string, rate: Rate): Promise<number> {
  let places = await readPlaces(core, name, rate);
  for (let i = 0; i < TRIES; i++) {
    const now = core.clock.now();
    const place = places.findIndex(({ open }) => open <= now);
    if (place < 0) return Math.max(1, Math.min(...places.map(({ open }) => open)) - now);
    if (await write(core, name, place, places[place], { free: now + rate.per, open: now + rate.per })) return 0;
    places = await readPlaces(core, name, rate);
  }
  return rate.per;
}

/**
 * Starts, or promises a start: gives nothing if it may start now, else the booking with which to come again. Promises are
 * given one behind the other, so those who wait do not all come at once.
 */
export async function startOrBook(
  core: Core,
  name: string,
  rate: Rate,
  booking?: Booking,
): Promise<Booking | undefined> {
  for (let i = 0; i < TRIES; i++) {
    const now = core.clock.now();
    const places = await readPlaces(core, name, rate);
    if (booking && booking.place < places.length) {
      const { free, open } = places[booking.place];
      // Whoever was before us may have started late.
      if (free > now) return { ...booking, at: free };
      const next = { free: now + rate.per, open: Math.max(open, now + rate.per) };
      if (await write(core, name, booking.place, places[booking.place], next)) return undefined;
      continue;
    }
    const soonest = Math.min(...places.map(({ open }) => open));
    const place = places.findIndex(({ open }) => open === soonest);
    const { free, open } = places[place];
    const next = open <= now ? { free: now + rate.per, open: now + rate.per } : { free, open: open + rate.per };
    if (await write(core, name, place, places[place], next)) return open <= now ? undefined : { place, at: open };
  }
  return { place: rate.limit, at: core.clock.now() + rate.per };
}

async function readPlaces(core: Core, name: string, { limit, per }: Rate): Promise<Place[]> {
  const keys = Array.from({ length: limit }, (_, place) => keyOf(name, place));
  const texts = await core.storage.peek("limits", keys, core.storageTime());
  return texts.map((text) => {
    // What cannot be read is a place that is free.
    const [free = 0, open = 0] = text?.slice(1).split(" ").map((number) => Number(number) || 0) ?? [];
    // No start keeps its place for longer than that, unless the clock of whoever wrote it is ahead of ours: nobody is to
    // wait for as long as clocks differ.
    const ahead = Math.max(0, free - (core.clock.now() + per));
    return { free: free - ahead, open: open - ahead, text };
  });
}

/** Writes a place, unless somebody else has meanwhile. */
function write(core: Core, name: string, place: number, old: Place, { free, open }: Place): Promise<boolean> {
  const condition = old.text === undefined ? { ifAbsent: true } : { ifValue: old.text };
  const ttl = Math.max(1, open - core.clock.now());
  return core.storage.put("limits", keyOf(name, place), textOf({ free, open }), {
    ...condition,
    ttl,
    now: core.storageTime(),
  });
}

function textOf({ free, open }: Place): string {
  return `~${free} ${open}`;
}

function keyOf(name: string, place: number): string {
  return `rate:${name}:${place}`;
}
