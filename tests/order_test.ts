import { assert, assertEquals } from "@std/assert";
import type { Huey } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

/** A task that notes what it was called with. */
function noting(huey: Huey) {
  const seen: string[] = [];
  const note = huey.task("note", (what: string) => {
    seen.push(what);
  });
  return { note, seen };
}

onEveryStorage("tasks of one priority run in the order in which they were enqueued", async ({ huey }) => {
  const { note, seen } = noting(huey);
  const names = Array.from({ length: 30 }, (_, i) => `${i}`);
  for (const name of names) await note(name);
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, names);
});

onEveryStorage("higher priorities run first, first in first out within one", async ({ huey }) => {
  const { note, seen } = noting(huey);
  for (const [i, priority] of [1, 0, 50, -1, 10, 50, 0.5, 1].entries()) {
    await note.schedule([`${priority}#${i}`], { priority });
  }
  assertEquals((await huey.pending()).map((task) => task.priority), [50, 50, 10, 1, 1, 0.5, 0, -1]);
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, ["50#2", "50#5", "10#4", "1#0", "1#7", "0.5#6", "0#1", "-1#3"]);
});

onEveryStorage("a call's priority wins over the task's, and 0 does too", async ({ huey }) => {
  const seen: string[] = [];
  const note = huey.task("note", { priority: 5 }, (what: string) => {
    seen.push(what);
  });
  await note.schedule(["zero"], { priority: 0 });
  await note("five");
  await note.schedule(["nine"], { priority: 9 });
  assertEquals((await huey.pending()).map((task) => task.priority), [9, 5, 0]);
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, ["nine", "five", "zero"]);
});

onEveryStorage("a task with a delay runs when it has passed, not before", async ({ huey, clock }) => {
  const { note, seen } = noting(huey);
  await note.schedule(["later"], { delay: "10s" });
  assertEquals(await huey.counts(), { queued: 0, scheduled: 1, running: 0, dead: 0, results: 0 });
  await clock.advance("9999ms");
  await huey.drain();
  assertEquals(seen, []);
  await clock.advance("1ms");
  const report = await huey.drain();
  assertEquals([seen, report.promoted], [["later"], 1]);
});

onEveryStorage("a number as a delay is seconds", async ({ huey, clock }) => {
  const { note } = noting(huey);
  await note.schedule(["later"], { delay: 1.5 });
  assertEquals((await huey.scheduled()).map((task) => task.eta), [clock.now() + 1_500]);
});

onEveryStorage("an eta is a Date or epoch milliseconds", async ({ huey, clock }) => {
  const { note, seen } = noting(huey);
  await note.schedule(["date"], { eta: new Date(clock.now() + 2_000) });
  await note.schedule(["number"], { eta: clock.now() + 1_000 });
  assertEquals((await huey.scheduled()).map((task) => task.args[0]), ["number", "date"]);
  await clock.advance("1s");
  await huey.drain();
  await clock.advance("1s");
  await huey.drain();
  assertEquals(seen, ["number", "date"]);
});

onEveryStorage("an eta in the past and a delay of nothing mean now", async ({ huey, clock }) => {
  const { note, seen } = noting(huey);
  await note.schedule(["past"], { eta: clock.now() - 86_400_000 });
  await note.schedule(["zero"], { delay: 0 });
  assertEquals((await huey.counts()).queued, 2);
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, ["past", "zero"]);
});

onEveryStorage("what becomes due runs by its priority, not by its eta", async ({ huey, clock }) => {
  const { note, seen } = noting(huey);
  await note.schedule(["low"], { delay: 1, priority: 1 });
  await note.schedule(["high"], { delay: 2, priority: 2 });
  await clock.advance("5s");
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, ["high", "low"]);
});

onEveryStorage("a consumer wakes up for an eta", async ({ huey, clock, consume }) => {
  const { note, seen } = noting(huey);
  await consume();
  const result = await note.schedule(["later"], { delay: "1h" });
  await clock.advance("59m");
  assertEquals(seen, []);
  await clock.advance("1m");
  await asTimePasses(clock, result.get({ blocking: true }));
  assertEquals(seen, ["later"]);
});

onEveryStorage(
  "a consumer that waits for a far eta wakes up for a nearer one",
  async ({ huey, another, clock, consume }) => {
    const { note, seen } = noting(huey);
    await consume();
    await note.schedule(["far"], { delay: "1h" });
    const elsewhere = another().task("note", (_: string) => {});
    const near = await elsewhere.schedule(["near"], { delay: "2s" });
    await eventually(async () => {
      await clock.advance("1s");
      return await near.isReady();
    });
    assertEquals(seen, ["near"]);
  },
);

onEveryStorage("a far future stays in the schedule", async ({ huey, clock }) => {
  const { note, seen } = noting(huey);
  const result = await note.schedule(["far"], { eta: new Date("2999-01-01T00:00:00Z") });
  await clock.advance("365d");
  await huey.drain();
  assertEquals([seen, await result.status()], [[], "scheduled"]);
  await clock.set(Date.parse("2999-01-01T00:00:00Z"));
  await huey.drain();
  assert(await result.isReady());
});
