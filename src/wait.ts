/**
 * Waiting for a key in the storage: woken where the storage can wake, otherwise looking again and again, less and less often.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { Space } from "./storage.ts";

/** For {@linkcode waitForKey}. */
export interface WaitOptions {
  /** Milliseconds; absent: as long as it takes. */
  timeout?: number;
  /** Ends the waiting with its reason. */
  signal?: AbortSignal;
  /** Whether there is nothing to wait for any more. */
  isOver?: () => Promise<boolean>;
}

/**
 * Where the storage cannot wake us, a value is seen late by up to half of the time that it took: each look costs a
 * request, and whoever has waited for a minute can wait for some seconds more.
 */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 10_000;
const GROWTH = 1.5;
/** Where the storage wakes us, looking is only for the wake-up that got lost. */
const WAKEABLE_PAUSE = 5_000;

/**
 * Resolves with what `read` gives as soon as it is not `undefined`; otherwise tells why the waiting has ended. Where
 * the storage cannot wake us, whoever calls it has just read in vain.
 */
export async function waitForKey<T>(
  core: Core,
  space: Space,
  key: string,
  read: () => Promise<T | undefined>,
  { timeout = Infinity, signal, isOver }: WaitOptions,
): Promise<{ value: T } | "timeout" | "over"> {
  const { storage, clock } = core;
  const until = clock.now() + timeout;
  let wokenForNothing = false;
  for (let pause = FIRST_PAUSE, looks = 0;; looks++, pause = Math.min(pause * GROWTH, LONGEST_PAUSE)) {
    signal?.throwIfAborted();
    const round = new AbortController();
    const stop = (): void => round.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      // Asked to wake us before we look, so that nothing slips in between. But where the key is there and is not yet what
      // is waited for, being woken by it again and again would keep us spinning.
      const woken: Promise<void> | undefined = isOver || wokenForNothing
        ? undefined
        : storage.waitForKey?.(space, key, round.signal);
      const value = woken || looks > 0 ? await read() : undefined;
      if (value !== undefined) return { value };
      if (await isOver?.()) {
        const last = await read();
        return last === undefined ? "over" : { value: last };
      }
      const left = until - clock.now();
      if (left <= 0) return "timeout";
      const longest = woken ? WAKEABLE_PAUSE : pause;
      const asleep: Promise<boolean> = clock.sleep(Math.min(left, longest), round.signal).then(
        () => false,
        () => false,
      );
      wokenForNothing = await Promise.race([woken?.then(() => true) ?? asleep, asleep]);
    } finally {
      signal?.removeEventListener("abort", stop);
      // With a reason: to make one, an error with its stack, takes longer than all the rest here.
      round.abort(0);
    }
  }
}
