import { drain } from "../drain.ts";
import type { Huey } from "../huey.ts";
import { Scheduler } from "../scheduler.ts";
import { TestClock } from "./test_clock.ts";

/**
 * Runs what is due, moves the clock to when the next thing is, and goes on until nothing waits. Slots of periodic tasks
 * are run as time passes them, and do not keep it going. While a task runs, time stands still: one that itself sleeps by
 * the clock, or is to meet its timeout, needs a `drain` that is not awaited, and `clock.advance`.
 *
 * @throws {TypeError} if the clock of this Huey is not a {@linkcode TestClock}.
 */
export async function runAll(huey: Huey): Promise<void> {
  const { core } = huey;
  const { clock, storage } = core;
  if (!(clock instanceof TestClock)) {
    throw new TypeError("Cannot move the clock of this Huey: make it with { clock: new TestClock() }");
  }
  const scheduler = new Scheduler(core, clock.now());
  for (;;) {
    await drain(core, { maxTasks: Infinity, budget: Infinity }, scheduler);
    const { next } = await storage.exchange({ now: clock.now(), claim: { limit: 0, lease: core.settings.lease } });
    if (next === undefined) return;
    const { next: slot } = await scheduler.due();
    await clock.set(Math.max(clock.now(), Math.min(next, slot)));
  }
}
