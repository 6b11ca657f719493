import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { chord, ConfigurationError, crontab, type HueyOptions, TaskCanceled, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { recordSignals } from "./record_signals.ts";

const immediate: HueyOptions = { immediate: true };

onEveryStorage("in immediate mode a call runs the task before it gives the handle", async ({ huey }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const result = await add(1, 2);
  assertEquals([await result.get(), await result.status()], [3, "complete"]);
}, immediate);

onEveryStorage("in immediate mode tasks run on the storage named", async ({ huey, another }) => {
  const { id } = await huey.task("work", () => "done")();
  assertEquals(await another({ immediate: false }).result(id).get(), "done");
}, immediate);

onEveryStorage("in immediate mode arguments and values are serialised, too", async ({ huey }) => {
  const given = { when: new Date(0) };
  let got: unknown;
  const work = huey.task("work", (value: typeof given) => {
    got = value;
    return value;
  });
  const result = await work(given);
  assertEquals([got, got === given, await result.get()], [given, false, given]);
  await assertRejects(() => work((() => {}) as never));
}, immediate);

onEveryStorage("in immediate mode a failure is in the result", async ({ huey }) => {
  const result = await huey.task("fail", () => {
    throw new Error("no");
  })();
  await assertRejects(() => result.get(), TaskException, "no");
}, immediate);

onEveryStorage("in immediate mode retries are run at once, and those with a delay later", async ({ huey, clock }) => {
  let runs = 0;
  const fail = huey.task("fail", { retries: 2 }, () => {
    runs++;
    throw new Error("no");
  });
  await fail();
  assertEquals(runs, 3);
  const result = await fail.schedule([], { retryDelay: "1m" });
  assertEquals([runs, await result.status()], [4, "retrying"]);
  await clock.advance("1m");
  await huey.drain();
  assertEquals([runs, await result.status()], [5, "retrying"]);
}, immediate);

onEveryStorage("in immediate mode what is due later stays in the schedule", async ({ huey, clock }) => {
  const work = huey.task("work", () => "done");
  const result = await work.schedule([], { delay: "1m" });
  assertEquals([await result.status(), await result.get()], ["scheduled", undefined]);
  await clock.advance("1m");
  await work();
  assertEquals(await result.get(), "done");
}, immediate);

onEveryStorage("in immediate mode a task calls another and reads its value", async ({ huey }) => {
  const inner = huey.task("inner", (x: number) => x * 2);
  const outer = huey.task("outer", async (x: number) => (await inner(x)).get());
  assertEquals(await (await outer(4)).get(), 8);
}, immediate);

onEveryStorage("in immediate mode several calls at once all run", async ({ huey }) => {
  const add = huey.task("add", async (a: number, b: number) => {
    await Promise.resolve();
    return a + b;
  });
  const results = await Promise.all([add(1, 2), add(3, 4), add(5, 6)]);
  assertEquals(await Promise.all(results.map((result) => result.get())), [3, 7, 11]);
  const mapped = [...await add.map([[1, 1], [2, 2]])];
  assertEquals(await Promise.all(mapped.map((result) => result.get())), [2, 4]);
}, immediate);

onEveryStorage("in immediate mode hooks, signals and revocations are as ever", async ({ huey }) => {
  const seen: string[] = [];
  huey.preExecute(() => {
    seen.push("pre");
  });
  const signals = recordSignals(huey);
  const work = huey.task("work", () => {});
  await work();
  assertEquals([seen, signals], [["pre"], ["enqueued", "executing", "complete"]]);
  await work.revoke();
  const result = await work();
  assertInstanceOf(await assertRejects(() => result.get()), TaskCanceled);
}, immediate);

onEveryStorage("in immediate mode a pipeline has run to its end when its handles are there", async ({ huey }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const stages = await huey.enqueue(add.s(1, 2).pipe(add, 10).pipe(add, 100));
  assertEquals(await stages.get(), [3, 13, 113]);
}, immediate);

onEveryStorage("in immediate mode a pipeline's later delay is waited for", async ({ huey, clock }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const stages = await huey.enqueue(add.s(1, 2).pipe(add.s(10).with({ delay: "1m" })));
  assertEquals([await stages.at(0)!.get(), await stages.at(1)!.status()], [3, "scheduled"]);
  await clock.advance("1m");
  await huey.drain();
  assertEquals(await stages.at(1)!.get(), 13);
}, immediate);

onEveryStorage("in immediate mode a handler has run, too", async ({ huey }) => {
  const seen: string[] = [];
  const fail = huey.task("fail", () => {
    throw new Error("no");
  });
  await huey.enqueue(fail.s().error(huey.task("handle", (error: Error) => void seen.push(error.message))));
  assertEquals(seen, ["no"]);
}, immediate);

onEveryStorage("in immediate mode groups, chords and chords of chords have run", async ({ huey }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const sum = huey.task("sum", (all: number[]) => all.reduce((a, b) => a + b, 0));
  const results = await huey.enqueue([add.s(1, 2), add.s(3, 4)]);
  assertEquals(await results.get(), [3, 7]);
  const inner = chord([add.s(1, 1), add.s(2, 2).pipe(add, 1)], sum);
  const outer = await huey.enqueue(chord([inner, add.s(5, 5), chord([], sum)], sum).pipe(add, 1_000));
  assertEquals([await outer.get(), await outer.results.get()], [1_017, [7, 10, 0]]);
}, immediate);

onEveryStorage("in immediate mode a task is rescheduled, revoked and restored as ever", async ({ huey, clock }) => {
  const work = huey.task("work", () => "done");
  const later = await (await work.schedule([], { delay: "1m" })).reschedule({ delay: "1h" });
  await later.revoke();
  assertEquals([await later.restore(), await later.status()], [true, "scheduled"]);
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await later.get(), "done");
}, immediate);

onEveryStorage("in immediate mode nothing is periodic, and there is no consumer", async ({ huey, clock }) => {
  let ticks = 0;
  huey.periodicTask("tick", crontab("* * * * *"), () => {
    ticks++;
  });
  await clock.advance("61s");
  await huey.task("work", () => {})();
  assertEquals(ticks, 0);
  assertThrows(() => huey.createConsumer(), ConfigurationError, "immediate");
}, immediate);
