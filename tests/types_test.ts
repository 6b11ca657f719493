/**
 * What compiles and what does not. The lines under `@ts-expect-error` are checked by `deno check`: where one of them
 * would compile, that is an error. Where the mistake also shows when it is made, the test says so.
 */
import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { crontab, type Duration, every, Huey, type Result, type Signal, type Task, type TaskContext } from "@hq/huey";

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

function same<A, B>(same: Same<A, B>): void {
  assertEquals(same, true);
}

test("arguments are those of the function", () => {
  const add = new Huey("tests").task("add", (a: number, b: number) => a + b);
  same<Parameters<typeof add>, [a: number, b: number]>(true);
  // @ts-expect-error: the second one is missing
  add(1);
  // @ts-expect-error: there are two
  add(1, 2, 3);
  // @ts-expect-error: a text is no number
  add(1, "2");
  // @ts-expect-error: a text is no number
  add.schedule([1, "2"], { delay: 5 });
  // @ts-expect-error: a text is no number
  add.map([[1, 2], [3, "4"]]);
  // @ts-expect-error: a text is no number
  add.callLocal(1, "2");
  // @ts-expect-error: a text is no number
  add.s(1, "2");
});

test("optional arguments and rest arguments stay what they are", async () => {
  const huey = new Huey("tests");
  const greet = huey.task("greet", (name: string, greeting: string = "hello") => `${greeting} ${name}`);
  const sum = huey.task("sum", (...all: number[]) => all.reduce((a, b) => a + b, 0));
  const results = [await greet("ada"), await greet("ada", "goodbye"), await huey.enqueue(greet.s("bob"))];
  const total = await sum(1, 2, 3);
  await huey.drain();
  assertEquals(await Promise.all(results.map((result) => result.get())), ["hello ada", "goodbye ada", "hello bob"]);
  assertEquals(await total.get(), 6);
  // @ts-expect-error: not a text
  greet("ada", 5);
});

test("the value is that of the function, whether it promises it or not", async () => {
  const huey = new Huey("tests");
  const now = huey.task("now", (x: number) => [x]);
  const later = huey.task("later", (x: string) => Promise.resolve({ x }));
  same<Awaited<ReturnType<typeof now>>, Result<number[]>>(true);
  same<Awaited<ReturnType<typeof later>>, Result<{ x: string }>>(true);
  const result = await later("x");
  await huey.drain();
  const read = await result.get();
  same<typeof read, { x: string } | undefined>(true);
  const waited = await result.get({ blocking: true });
  same<typeof waited, { x: string }>(true);
  assertEquals(waited, { x: "x" });
});

test("a handle found by its id has the type that is said", () => {
  const huey = new Huey("tests");
  const handle = huey.result<number>("id");
  same<typeof handle, Result<number>>(true);
  const unknown = huey.result("id");
  same<typeof unknown, Result<unknown>>(true);
});

test("the context comes first in the function, and callers do not pass it", async () => {
  const huey = new Huey("tests");
  const work = huey.task("work", { context: true }, (context, a: number) => {
    same<typeof context, TaskContext>(true);
    return `${context.name} ${a}`;
  });
  same<Parameters<typeof work>, [a: number]>(true);
  const result = await work(5);
  await huey.drain();
  assertEquals(await result.get(), "work 5");
  // @ts-expect-error: callers do not pass it
  work({} as TaskContext, 5);
});

test("a task that lacks arguments is not enqueued", async () => {
  const huey = new Huey("tests");
  const add = huey.task("add", (a: number, b: number) => a + b);
  const partial = add.s(1);
  same<typeof partial extends Task<[], number> ? true : false, false>(true);
  // @ts-expect-error: the second argument is missing
  const result = await huey.enqueue(partial);
  await huey.drain();
  assertEquals(await result.get(), NaN);
  // @ts-expect-error: the second argument is missing
  await huey.enqueue([add.s(1, 2), add.s(1)]);
});

test("a Duration is seconds, or a text with its unit", () => {
  const durations: Duration[] = [5, 0.5, "250ms", "30s", "5m", "2h", "7d", "1.5h"];
  const huey = new Huey("tests");
  for (const [i, timeout] of durations.entries()) huey.task(`work${i}`, { timeout }, () => {});
  // @ts-expect-error: a blank before the unit
  assertThrows(() => huey.task("work", { timeout: "5 min" }, () => {}), TypeError);
  // @ts-expect-error: no unit
  assertThrows(() => huey.task("work", { retryDelay: "5" }, () => {}), TypeError);
  // @ts-expect-error: an instant is no duration
  assertThrows(() => huey.task("work", { timeout: new Date() }, () => {}), TypeError);
  // @ts-expect-error: no such unit
  assertThrows(() => every("1w"), TypeError);
});

test("options are known by their names and types", () => {
  const huey = new Huey("tests");
  // @ts-expect-error: there is no such option
  assertThrows(() => huey.task("work", { retrys: 1 }, () => {}));
  // @ts-expect-error: not a number
  assertThrows(() => huey.task("work", { retries: "1" }, () => {}));
  // @ts-expect-error: not one of the two
  assertThrows(() => huey.task("work", { delivery: "exactly-once" }, () => {}));
  // @ts-expect-error: only a periodic task catches up
  assertThrows(() => huey.task("work", { catchUp: "5m" }, () => {}));
  huey.periodicTask("tick", every("1m"), { catchUp: "5m", catchUpAll: true }, () => {});
  // @ts-expect-error: there is no such option
  assertThrows(() => huey.createConsumer({ worker: 1 }));
  // @ts-expect-error: there is no such option
  assertThrows(() => new Huey("tests", { store: undefined }));
});

test("a unique key is made of the arguments", async () => {
  const huey = new Huey("tests");
  const work = huey.task("work", { unique: { key: (user) => user.id } }, (_user: { id: string }) => {});
  assertEquals((await work({ id: "1" })).id, (await work({ id: "1" })).id);
  // @ts-expect-error: it has no such property
  huey.task("other", { unique: { key: (user) => user.name } }, (_user: { id: string }) => {});
});

test("a periodic task has no arguments", () => {
  const huey = new Huey("tests");
  const tick = huey.periodicTask("tick", crontab.daily(), () => "done");
  same<Parameters<typeof tick>, []>(true);
  // @ts-expect-error: nobody would give it one
  huey.periodicTask("other", crontab.daily(), (_x: number) => {});
  // @ts-expect-error: a text is no schedule
  assertThrows(() => huey.periodicTask("third", "0 3 * * *", () => {}), TypeError);
});

test("signals are known by their names", () => {
  const huey = new Huey("tests");
  huey.signal("rate-limited", (signal, task, error) => {
    same<typeof signal, Signal>(true);
    same<typeof task.args, readonly unknown[]>(true);
    same<typeof error, unknown>(true);
  });
  // @ts-expect-error: there is no such signal
  assertThrows(() => huey.signal("completed", () => {}), TypeError);
});

test("a delay and an eta are what they say", async () => {
  const work = new Huey("tests").task("work", () => {});
  // @ts-expect-error: an instant is no duration
  await assertRejects(() => work.schedule([], { delay: new Date() }), TypeError);
  // @ts-expect-error: a duration is no instant
  await assertRejects(() => work.schedule([], { eta: "5m" }), TypeError);
  // @ts-expect-error: this is for the task function, not for a call
  await assertRejects(() => work.schedule([], { retryJitter: 1 }));
});

test("a handle is not mistaken for a promise", async () => {
  const huey = new Huey("tests");
  const result = await huey.task("work", () => 5)();
  await huey.drain();
  // @ts-expect-error: a handle is no number
  const value: number = await result;
  assertEquals(typeof value, "function");
  assertEquals(await result(), 5);
});
