/** What `@hq/huey/testing` gives to those who test their own tasks. */
import { test } from "node:test";
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { crontab, Huey } from "@hq/huey";
import { runAll, TestClock } from "@hq/huey/testing";
import { onEveryStorage } from "./bench.ts";

test("a TestClock stands where it was set", () => {
  const start = Date.parse("2026-01-01T00:00:00Z");
  for (const clock of [new TestClock(), new TestClock("2026-01-01T00:00:00Z"), new TestClock(start)]) {
    assertEquals(clock.now(), start);
  }
  assertEquals(new TestClock(new Date(5)).now(), 5);
  assertThrows(() => new TestClock("yesterday"), TypeError, "'start'");
  assertThrows(() => new TestClock(NaN), TypeError, "'start'");
});

test("a TestClock that nobody sleeps by moves at once", () => {
  const clock = new TestClock(0);
  clock.advance("1m");
  assertEquals(clock.now(), 60_000);
  clock.set(5_000);
  assertEquals(clock.now(), 5_000);
});

test("who sleeps by a TestClock wakes at their time, in order, whatever the step", async () => {
  const clock = new TestClock(0);
  const seen: string[] = [];
  const nap = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    seen.push(`${name} ${clock.now()}`);
  };
  const all = [nap("c", 3_000), nap("a", 1_000), nap("b", 2_000), nap("b2", 2_000)];
  await clock.advance("2500ms");
  assertEquals(seen, ["a 1000", "b 2000", "b2 2000"]);
  assertEquals(clock.now(), 2_500);
  await clock.advance("1h");
  await Promise.all(all);
  assertEquals(seen[3], "c 3000");
});

test("who sleeps again and again wakes as often as time passes", async () => {
  const clock = new TestClock(0);
  const seen: number[] = [];
  const controller = new AbortController();
  const ticking = (async () => {
    for (;;) {
      await clock.sleep(1_000, controller.signal);
      seen.push(clock.now());
    }
  })();
  await clock.advance("5s");
  assertEquals(seen, [1_000, 2_000, 3_000, 4_000, 5_000]);
  controller.abort();
  await assertRejects(() => ticking);
});

test("an aborted sleep rejects with the signal's reason", async () => {
  const clock = new TestClock();
  const controller = new AbortController();
  const reason = new Error("enough");
  const nap = clock.sleep(1_000, controller.signal);
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => nap), reason);
  assertStrictEquals(await assertRejects(() => clock.sleep(1_000, AbortSignal.abort(reason))), reason);
  await clock.advance("1h");
});

test("a sleep of no time does not wait for the clock", async () => {
  await new TestClock().sleep(0);
  await new TestClock().sleep(-5);
});

test("a TestClock refuses nonsense", async () => {
  const clock = new TestClock();
  await assertRejects(async () => await clock.advance("5 min" as never), TypeError, "'duration'");
  await assertRejects(async () => await clock.advance(-1), RangeError, "'duration'");
  await assertRejects(async () => await clock.set(NaN), TypeError, "'instant'");
});

onEveryStorage("runAll runs what is queued, and what is due whenever", async ({ huey, clock }) => {
  const start = clock.now();
  const seen: [string, number][] = [];
  const work = huey.task("work", (name: string) => {
    seen.push([name, (clock.now() - start) / 1_000]);
  });
  await work.schedule(["week"], { delay: "7d" });
  await work.schedule(["hour"], { delay: "1h" });
  await work("now");
  await runAll(huey);
  assertEquals(seen, [["now", 0], ["hour", 3_600], ["week", 604_800]]);
  assertEquals((clock.now() - start) / 1_000, 604_800);
});

onEveryStorage("runAll runs retries and what tasks enqueue", async ({ huey, clock }) => {
  const start = clock.now();
  const seen: string[] = [];
  const later = huey.task("later", () => {
    seen.push(`later ${(clock.now() - start) / 1_000}`);
  });
  const work = huey.task("work", { context: true, retries: 2, retryDelay: "1m" }, async ({ attempt }) => {
    seen.push(`#${attempt} ${(clock.now() - start) / 1_000}`);
    if (attempt < 3) throw new Error("no");
    await later.schedule([], { delay: "1h" });
  });
  const result = await work();
  await runAll(huey);
  assertEquals([seen, await result.status()], [["#1 0", "#2 60", "#3 120", "later 3720"], "complete"]);
});

onEveryStorage("runAll runs the slots that time passes, and is not kept going by them", async ({ huey, clock }) => {
  const start = clock.now();
  const slots: number[] = [];
  huey.periodicTask("tick", crontab("*/10 * * * *"), { context: true }, ({ task }) => {
    slots.push((task.eta! - start) / 60_000);
  });
  await runAll(huey);
  assertEquals(slots, []);
  await huey.task("work", () => {}).schedule([], { delay: "25m" });
  await runAll(huey);
  assertEquals([slots, (clock.now() - start) / 60_000], [[10, 20], 25]);
  await runAll(huey);
  assertEquals(slots, [10, 20]);
});

onEveryStorage("runAll runs as many tasks as there are", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  await work.map(Array.from({ length: 250 }, () => []));
  await runAll(huey);
  assertEquals(runs, 250);
});

onEveryStorage("runAll waits out the lease of a worker that died", async ({ huey, clock }) => {
  const result = await huey.task("work", () => "done")();
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await runAll(huey);
  assertEquals(await result.get(), "done");
});

test("runAll without a TestClock is refused, with how to have one", async () => {
  await assertRejects(() => runAll(new Huey("tests")), TypeError, "new TestClock()");
});
