import type { TestClock } from "@hq/huey/testing";

/** Longer than anything here takes on a slow machine. */
const LONGEST = 20_000;
/** In milliseconds, between looks at what takes long: who looks all the time keeps others from getting there. */
const SELDOM = 20;

/** Resolves soon after the condition holds, for what happens in its own time; rejects if that takes too long. */
export async function eventually(condition: () => unknown): Promise<void> {
  const until = performance.now() + LONGEST;
  for (let looks = 1; !await condition(); looks++) {
    if (performance.now() > until) throw new Error(`Still not so: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(looks, SELDOM)));
  }
}

/** Lets the clock's time pass, a second at a time, until the condition holds, which is looked at between the seconds. */
export async function afterSomeTime(clock: TestClock, condition: () => unknown): Promise<void> {
  await eventually(async () => {
    await clock.advance("1s");
    return await condition();
  });
}

/** Lets the clock's time pass until something has ended, and ends as it did. */
export async function asTimePasses<T>(clock: TestClock, something: Promise<T>): Promise<T> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  something.then(end, end);
  await afterSomeTime(clock, () => ended);
  return await something;
}

/** Fails instead of waiting for ever. */
export async function inTime<T>(something: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Has not ended within ${LONGEST} ms`)), LONGEST);
  });
  return await Promise.race([something, late]).finally(() => clearTimeout(timer));
}
