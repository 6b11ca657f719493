import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { chord, HueyError, TaskCanceled } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

onEveryStorage("the new task has an id of its own, and the old one is revoked at once", async ({ huey, clock }) => {
  const work = huey.task("work", (x: number) => x);
  const old = await work.schedule([5], { delay: "1m" });
  const later = await old.reschedule({ delay: "1h" });
  assertNotEquals(later.id, old.id);
  const error = await assertRejects(() => old.get(), TaskCanceled);
  assertEquals([error.status, await later.status(), (await huey.counts()).scheduled], ["revoked", "scheduled", 1]);
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await later.get(), 5);
});

onEveryStorage("without a time it runs as soon as possible", async ({ huey }) => {
  const work = huey.task("work", (x: number) => x);
  const old = await work.schedule([5], { delay: "1d" });
  const now = await old.reschedule();
  await huey.drain();
  assertEquals(await now.get(), 5);
});

onEveryStorage("an eta is an instant", async ({ huey, clock }) => {
  const old = await huey.task("work", () => "done").schedule([], { delay: "1m" });
  const later = await old.reschedule({ eta: clock.now() + 60_000 * 60 });
  assertEquals((await huey.scheduled()).map(({ id, eta }) => [id, eta]), [[later.id, clock.now() + 60_000 * 60]]);
});

onEveryStorage("it keeps the settings of the call, unless it is told otherwise", async ({ huey }) => {
  const work = huey.task("work", () => {});
  const options = { delay: 60, retries: 3, retryDelay: 5, priority: 7, timeout: 9 } as const;
  const old = await work.schedule([], options);
  const same = await old.reschedule({ delay: "1h" });
  const other = await same.reschedule({ delay: "1h", priority: 1, retries: 0 });
  const [task] = await huey.scheduled();
  assertEquals([task.id, task.priority, task.retries], [other.id, 1, 0]);
  assertEquals(task.fields.changes, { retries: 0, retryDelay: 5_000, priority: 1, timeout: 9_000 });
});

onEveryStorage("it can be done from another process, by the id alone", async ({ huey, another, clock }) => {
  const work = huey.task("work", (x: number) => x);
  const { id } = await work.schedule([5], { delay: "1m" });
  const later = await another().result<number>(id).reschedule({ delay: "2m" });
  await clock.advance("2m");
  await huey.drain();
  assertEquals(await later.get(), 5);
});

onEveryStorage("a task that has ended is run again, by the handle of its call", async ({ huey, another }) => {
  let runs = 0;
  const result = await huey.task("work", () => ++runs)();
  await huey.drain();
  const again = await result.reschedule();
  await huey.drain();
  assertEquals([await result.get(), await again.get()], [1, 2]);
  await assertRejects(() => another().result(result.id).reschedule(), HueyError, result.id);
});

onEveryStorage("a relative expiry counts from the new time, an instant stays", async ({ huey, clock }) => {
  const work = huey.task("work", () => "done");
  const relative = await work.schedule([], { delay: "1m", expires: "5m" });
  const fixed = await work.schedule([], { delay: "1m", expires: new Date(clock.now() + 300_000) });
  const later = await Promise.all([relative, fixed].map((old) => old.reschedule({ delay: "1h" })));
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await Promise.all(later.map((one) => one.status())), ["complete", "expired"]);
});

onEveryStorage("a new expiry wins", async ({ huey, clock }) => {
  const old = await huey.task("work", { expires: "5m" }, () => "done").schedule([], { delay: "1m" });
  const later = await old.reschedule({ delay: "1h", expires: "1s" });
  await clock.advance("1h");
  await clock.advance("2s");
  await huey.drain();
  assertEquals(await later.status(), "expired");
});

onEveryStorage("the pipeline goes with the new task, and its handles stay good", async ({ huey, clock }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const stages = await huey.enqueue(add.s(1, 2).with({ delay: "1m" }).pipe(add, 10).pipe(add, 100));
  const head = await stages.at(0)!.reschedule({ delay: "1h" });
  await clock.advance("1h");
  await huey.drain();
  assertEquals([await head.get(), await stages.at(1)!.get(), await stages.at(2)!.get()], [3, 13, 113]);
});

onEveryStorage("the delays of later stages stay what they were", async ({ huey, clock }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const stages = await huey.enqueue(add.s(1, 2).with({ delay: "1m" }).pipe(add.s(10).with({ delay: "5m" })));
  await stages.at(0)!.reschedule();
  await huey.drain();
  assertEquals((await huey.scheduled()).map(({ eta }) => eta! - clock.now()), [300_000]);
  await clock.advance("5m");
  await huey.drain();
  assertEquals(await stages.at(1)!.get(), 13);
});

onEveryStorage("a member's place in its chord goes with the new task", async ({ huey, clock }) => {
  const echo = huey.task("echo", (n: number) => n);
  const list = huey.task("list", (values: number[]) => values);
  const result = await huey.enqueue(chord([echo.s(1), echo.s(2)], list));
  await result.results.at(0)!.reschedule({ delay: "1h" });
  await huey.drain();
  assertEquals(await result.callback.status(), "scheduled");
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await result.get(), [1, 2]);
});

onEveryStorage("a running task is aborted, and what follows from it goes with the new one", async (bench) => {
  const { huey, clock, consume } = bench;
  let runs = 0;
  let aborted = false;
  const slow = huey.task("slow", { context: true }, async ({ signal }) => {
    if (++runs > 1) return 7;
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(aborted = true)));
    return 0;
  });
  const double = huey.task("double", (n: number) => n * 2);
  const list = huey.task("list", (values: number[]) => values);
  await consume({ workers: 2 });
  const head = slow.s();
  const result = await huey.enqueue(chord([head.pipe(double), double.s(1)], list));
  await eventually(() => runs === 1);
  const again = await huey.result(head.id).reschedule({ delay: "10s" });
  await asTimePasses(clock, result.get({ blocking: true }));
  assertEquals([aborted, await huey.result(head.id).status(), await again.get()], [true, "revoked", 7]);
  assertEquals([await result.get(), await result.results.get()], [[14, 2], [14, 2]]);
});

onEveryStorage("the signals say that the old one was revoked and the new one enqueued", async ({ huey }) => {
  const old = await huey.task("work", () => {}).schedule([], { delay: "1m" });
  const signals = recordSignals(huey);
  await old.reschedule({ delay: "1h" });
  await old.reschedule();
  assertEquals(signals, ["revoked", "enqueued", "scheduled", "enqueued"]);
});

onEveryStorage("a unique task may be rescheduled", async ({ huey, clock }) => {
  const work = huey.task("work", { unique: true }, () => "done");
  const old = await work.schedule([], { delay: "1m" });
  const later = await old.reschedule({ delay: "1h" });
  assertEquals((await work()).id, later.id);
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await later.get(), "done");
});

onEveryStorage("a unique task that runs may be rescheduled, too", async ({ huey, clock, consume }) => {
  let runs = 0;
  const work = huey.task("work", { unique: true, context: true }, async ({ signal }) => {
    if (++runs > 1) return "again";
    await new Promise((_, reject) => signal.addEventListener("abort", reject));
  });
  await consume();
  const old = await work();
  await eventually(() => runs === 1);
  const later = await old.reschedule({ delay: "30s" });
  assertEquals(await asTimePasses(clock, later.get({ blocking: true })), "again");
});

onEveryStorage("nonsense in a reschedule is refused, and the task stays as it was", async ({ huey }) => {
  const old = await huey.task("work", () => {}).schedule([], { delay: "1m" });
  await assertRejects(() => old.reschedule({ delay: 1, eta: 1 }), TypeError);
  await assertRejects(() => old.reschedule({ delay: "5 min" as never }), TypeError);
  assertEquals(await old.status(), "scheduled");
});
