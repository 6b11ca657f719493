import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { chord, group, Huey, TaskCanceled, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { recordSignals } from "./record_signals.ts";

function tasks(huey: Huey) {
  return {
    square: huey.task("square", (n: number) => n * n),
    upper: huey.task("upper", (text: string) => text.toUpperCase()),
    add: huey.task("add", (a: number, b: number) => a + b),
    sum: huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0)),
    fail: huey.task("fail", (..._args: unknown[]): number => {
      throw new RangeError("no");
    }),
  };
}

onEveryStorage("the values of a group come in the order of its members", async ({ huey }) => {
  const { square } = tasks(huey);
  const results = await huey.enqueue(group([3, 1, 2].map((n) => square.s(n).with({ priority: n }))));
  await huey.drain({ concurrency: 1 });
  assertEquals([await results.get(), results.length], [[9, 1, 4], 3]);
});

onEveryStorage("a group is enqueued in one request", async ({ huey }) => {
  const { square } = tasks(huey);
  const before = huey.core.storage.requests;
  await huey.enqueue(group(Array.from({ length: 20 }, (_, i) => square.s(i))));
  assertEquals(huey.core.storage.requests - before, 1);
});

onEveryStorage("members may be tasks of several functions", async ({ huey }) => {
  const { square, upper } = tasks(huey);
  const results = await huey.enqueue(group([square.s(3), upper.s("a")]));
  await huey.drain();
  assertEquals(await results.get(), [9, "A"]);
});

onEveryStorage("a list of tasks is a group", async ({ huey }) => {
  const { square, upper } = tasks(huey);
  const results = await huey.enqueue([square.s(3), upper.s("a")]);
  await huey.drain();
  assertEquals(await results.get(), [9, "A"]);
});

onEveryStorage("a member that failed throws where it is read, and the others are as they are", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  const results = await huey.enqueue(group([square.s(2), fail.s(), square.s(3)]));
  await huey.drain();
  await assertRejects(() => results.get(), TaskException, "no");
  assertEquals([await results.at(0)!.get(), await results.at(2)!.get()], [4, 9]);
});

onEveryStorage("a member may be a pipeline, whose value is that of its last stage", async ({ huey }) => {
  const { square, add } = tasks(huey);
  const results = await huey.enqueue(group([square.s(2), square.s(3).pipe(add, 1).pipe(square), square.s(4)]));
  await huey.drain();
  assertEquals(await results.get(), [4, 100, 16]);
});

onEveryStorage("a member may be a chord, whose value is that of its callback", async ({ huey }) => {
  const { square, sum } = tasks(huey);
  const inner = chord([square.s(1), square.s(2)], sum);
  const results = await huey.enqueue(group([inner, square.s(5), chord([square.s(3)], sum).pipe(square), square.s(6)]));
  await huey.drain();
  assertEquals(await results.get(), [5, 25, 81, 36]);
});

onEveryStorage("a group of nothing has no values", async ({ huey }) => {
  const results = await huey.enqueue(group([]));
  assertEquals([results.length, await results.get(), await results.get({ blocking: true })], [0, [], []]);
});

onEveryStorage("a group that is piped is a chord", async ({ huey }) => {
  const { square, sum } = tasks(huey);
  const result = await huey.enqueue(group([square.s(2), square.s(3)]).pipe(sum));
  await huey.drain();
  assertEquals([await result.get(), await result.results.get()], [13, [4, 9]]);
});

onEveryStorage("a group's callback gets its own arguments first", async ({ huey }) => {
  const { square } = tasks(huey);
  const tell = huey.task("tell", (label: string, values: number[]) => `${label} ${values}`);
  const result = await huey.enqueue(group([square.s(2), square.s(3)]).pipe(tell, "squares"));
  await huey.drain();
  assertEquals(await result.get(), "squares 4,9");
});

onEveryStorage("the handler of a group is called for each member that failed", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  const seen: string[] = [];
  const handle = huey.task("handle", (where: string, error: Error) => void seen.push(`${where} ${error.message}`));
  await huey.enqueue(group([fail.s(1), square.s(2), fail.s(3)]).error(handle, "group"));
  await huey.drain();
  assertEquals(seen, ["group no", "group no"]);
});

onEveryStorage("a handler that is a task is called for each member, too", async ({ huey }) => {
  const { fail } = tasks(huey);
  let calls = 0;
  const handle = huey.task("handle", (_where: string) => void calls++);
  await huey.enqueue(group([fail.s(1), fail.s(2), fail.s(3)]).error(handle.s("group")));
  await huey.drain();
  assertEquals(calls, 3);
});

onEveryStorage("a group that was given a handler can still be piped", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  let calls = 0;
  const handle = huey.task("handle", () => void calls++);
  const count = huey.task("count", (values: unknown[]) => values.length);
  const result = await huey.enqueue(group([square.s(1), fail.s()]).error(handle).pipe(count));
  await huey.drain();
  assertEquals([await result.get(), calls], [2, 1]);
});

onEveryStorage("each member sends its own signals", async ({ huey }) => {
  const { square } = tasks(huey);
  const signals = recordSignals(huey);
  await huey.enqueue(group([square.s(1), square.s(2)]));
  await huey.drain({ concurrency: 1 });
  assertEquals(signals, ["enqueued", "enqueued", "executing", "complete", "executing", "complete"]);
});

onEveryStorage("of two unique members that are the same one runs, and both are read", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", { unique: true }, (n: number) => {
    runs++;
    return n;
  });
  const results = await huey.enqueue(group([work.s(1), work.s(1), work.s(2)]));
  await huey.drain();
  assertEquals([await results.get(), runs], [[1, 1, 2], 2]);
});

onEveryStorage("the same task twice in a group is one task", async ({ huey }) => {
  let runs = 0;
  const one = huey.task("work", () => ++runs).s();
  const results = await huey.enqueue(group([one, one]));
  await huey.drain();
  assertEquals([await results.get(), runs], [[1, 1], 1]);
});

onEveryStorage("a handle on a member reschedules it", async ({ huey, clock }) => {
  const { square } = tasks(huey);
  const results = await huey.enqueue(group([square.s(2), square.s(3)]));
  const later = await results.at(1)!.reschedule({ delay: "1h" });
  await huey.drain();
  assertEquals([await results.at(0)!.get(), await later.status()], [4, "scheduled"]);
  await assertRejects(() => results.at(1)!.get(), TaskCanceled);
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await later.get(), 9);
});

onEveryStorage("map is a group of one function's calls", async ({ huey }) => {
  const { add } = tasks(huey);
  const results = await add.map([[1, 2], [3, 4]]);
  await huey.drain();
  assertEquals(await results.get(), [3, 7]);
});

test("what is no task is refused as a member, and nothing is enqueued", async () => {
  const huey = new Huey("tests");
  const { square } = tasks(huey);
  for (const wrong of [undefined, null, 5, square, () => {}, {}]) {
    assertThrows(() => group([square.s(1), wrong as never]), TypeError, "member");
    await assertRejects(() => huey.enqueue([square.s(1), wrong as never]), TypeError, "member");
  }
  for (const wrong of [undefined, null, 5, square, new Set([square.s(1)])]) {
    assertThrows(() => group(wrong as never), TypeError);
    await assertRejects(() => huey.enqueue(wrong as never), TypeError);
  }
  assertEquals((await huey.counts()).queued, 0);
});

test("a group is no member of a group", () => {
  const { square } = tasks(new Huey("tests"));
  assertThrows(() => group([group([square.s(1)]) as never]), TypeError, "member");
});
