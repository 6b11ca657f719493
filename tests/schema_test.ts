import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Huey, type Result, type TaskContext, TaskException, type TaskFunction, ValidationError } from "@hq/huey";
import * as v from "valibot";
import { z } from "zod";
import { onEveryStorage } from "./bench.ts";
import { recordSignals } from "./record_signals.ts";

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

function same<A, B>(same: Same<A, B>): void {
  assertEquals(same, true);
}

const Order = z.object({ id: z.string(), count: z.coerce.number().int().positive() });

onEveryStorage("what fits its schema is enqueued and run", async ({ huey }) => {
  const ship = huey.task("ship", { schema: Order }, ({ id, count }) => `${count} of ${id}`);
  const result = await ship({ id: "book", count: 2 });
  await huey.drain();
  assertEquals(await result.get(), "2 of book");
});

onEveryStorage("what does not fit is refused at the call, and nothing is enqueued", async ({ huey }) => {
  const ship = huey.task("ship", { schema: Order }, () => {});
  const error = await assertRejects(
    () => ship({ id: "book", count: -1 }),
    ValidationError,
    'Argument 1.count of task "ship"',
  );
  assertEquals(error.issues.length, 1);
  await assertRejects(() => ship.schedule([{ id: "book", count: 0 }], { delay: 5 }), ValidationError);
  await assertRejects(() => ship.map([[{ id: "book", count: 1 }], [{ id: "book", count: 0 }]]), ValidationError);
  await assertRejects(() => huey.enqueue(ship.s({ id: 5 as never, count: 1 })), ValidationError, ".id");
  assertEquals(await huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results: 0 });
});

onEveryStorage("the function gets what the schema gives out, and the message has what was given", async ({ huey }) => {
  const Day = z.string().transform((text) => new Date(text));
  const plan = huey.task("plan", { schema: Day }, (day) => day.getTime());
  const result = await plan("2026-01-02");
  assertEquals((await huey.pending()).map(({ args }) => args), [["2026-01-02"]]);
  await huey.drain();
  assertEquals(await result.get(), Date.UTC(2026, 0, 2));
});

onEveryStorage("a list of schemas has one per argument, of any library", async ({ huey }) => {
  const repeat = huey.task(
    "repeat",
    { schema: [z.string(), v.optional(v.number(), 2)] },
    (text, times) => text.repeat(times),
  );
  const results = [await repeat("a", 3), await repeat("b", undefined)];
  await huey.drain();
  assertEquals(await Promise.all(results.map((result) => result.get())), ["aaa", "bb"]);
  await assertRejects(() => repeat("a", "3" as never), ValidationError, "Argument 2");
  await assertRejects(() => (repeat as TaskFunction)("a", 3, 4), ValidationError, "3 arguments");
});

onEveryStorage("a schema may take its time", async ({ huey }) => {
  const schema = z.string().refine(async (id) => await Promise.resolve(id !== "nobody"));
  const greet = huey.task("greet", { schema }, (id) => `hello ${id}`);
  await assertRejects(() => greet("nobody"), ValidationError);
  const result = await greet("ada");
  await huey.drain();
  assertEquals(await result.get(), "hello ada");
});

onEveryStorage("a message that does not fit when it is run is kept as a dead letter", async ({ huey, another }) => {
  let runs = 0;
  const old = another();
  const result = await old.task("ship", (_order: unknown) => {})({ id: "book" });
  huey.task("ship", { schema: Order, retries: 3 }, () => void runs++);
  const signals = recordSignals(huey);
  await huey.drain();
  await assertRejects(() => result.get(), TaskException, "ValidationError");
  const [{ reason, args }] = await huey.dead();
  assertEquals([reason, args, runs], ["its arguments do not fit its schema", [{ id: "book" }], 0]);
  assertEquals(signals, ["dead"]);
});

onEveryStorage("a schema that throws is a failure, and retried as one", async ({ huey }) => {
  let looks = 0;
  const schema = z.string().refine(() => {
    looks++;
    if (looks === 2) throw new Error("the directory is away");
    return true;
  });
  const greet = huey.task("greet", { schema, retries: 1 }, (name) => `hello ${name}`);
  const result = await greet("ada");
  await huey.drain();
  assertEquals([await result.get(), looks], ["hello ada", 3]);
});

onEveryStorage("a stage is checked when its value has come, and a callback its list", async ({ huey }) => {
  const half = huey.task("half", (n: number) => n / 2);
  const whole = huey.task("whole", { schema: z.number().int() }, (n) => n);
  const stages = await huey.enqueue(half.s(3).pipe(whole));
  const sum = huey.task("sum", { schema: z.array(z.number().int()) }, (all) => all.length);
  const chord = await huey.enqueue([half.s(4), half.s(6)]).then(() => huey.enqueue(half.s(2).pipe(whole)));
  await huey.drain();
  assertEquals(await stages.at(0)!.get(), 1.5);
  await assertRejects(() => stages.at(1)!.get(), TaskException, "Argument 1");
  assertEquals(await chord.get(), [1, 1]);
  const total = await sum([1, 2]);
  await huey.drain();
  assertEquals(await total.get(), 2);
});

onEveryStorage(
  "a stage or a handler that does not want what comes after its arguments does without",
  async ({ huey }) => {
    const one = huey.task("one", () => 1);
    const fail = huey.task("fail", () => {
      throw new Error("no");
    });
    const seen: string[] = [];
    const note = huey.task("note", { schema: z.string() }, (...args) => void seen.push(...args));
    await huey.enqueue([one.s().pipe(note.s("stage")), fail.s().error(note.s("handler"))]);
    await huey.drain();
    assertEquals(seen.sort(), ["handler", "stage"]);
  },
);

test("a call of the function itself is checked, too", async () => {
  const huey = new Huey("tests");
  const work = huey.task("work", { schema: v.pipe(v.string(), v.transform(Number)) }, (n) => n + 1);
  assertEquals(await work.callLocal("41"), 42);
  await assertRejects(async () => await work.callLocal(41 as never), ValidationError);
});

test("the error does not quote the value, its issues may", async () => {
  const huey = new Huey("tests");
  const work = huey.task("work", { schema: v.object({ user: v.pipe(v.string(), v.email()) }) }, () => {});
  const error = await assertRejects(() => work({ user: "hunter2" }), ValidationError);
  assertEquals([error.message.includes("hunter2"), error.message.includes(".user")], [false, true]);
  assertEquals(error.issues[0].message.includes("hunter2"), true);
});

test("what is no schema is refused where the task is defined", () => {
  const huey = new Huey("tests");
  for (const schema of [{}, 5, "string", null, [z.string(), {}]]) {
    assertThrows(() => huey.task("work", { schema: schema as never }, () => {}), TypeError, "Standard Schema");
  }
  // @ts-expect-error: a periodic task has no arguments
  assertThrows(() => huey.periodicTask("tick", { next: () => 1 }, { schema: z.string() }, () => {}));
});

test("a schema says what callers give and what the function gets", () => {
  const huey = new Huey("tests");
  const Day = z.string().transform((text) => new Date(text));
  const plan = huey.task("plan", { schema: [Day, v.number()] }, (day, hours) => {
    same<typeof day, Date>(true);
    same<typeof hours, number>(true);
    return hours;
  });
  same<Parameters<typeof plan>, [string, number]>(true);
  same<Awaited<ReturnType<typeof plan>>, Result<number>>(true);
  const one = huey.task("one", { schema: Day, context: true }, (context, day) => {
    same<typeof context, TaskContext>(true);
    same<typeof day, Date>(true);
  });
  same<Parameters<typeof one>, [string]>(true);
  // @ts-expect-error: a Date is what the function gets, not what callers give
  void assertRejects(() => plan(new Date(), 5));
  // @ts-expect-error: the function is given a Date
  huey.task("other", { schema: Day }, (_day: string) => {});
  // @ts-expect-error: there is one argument
  void assertRejects(() => one("2026-01-01", 5));
});
