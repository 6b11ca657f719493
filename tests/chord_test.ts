import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { CancelExecution, chord, group, Huey, TaskCanceled, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

function tasks(huey: Huey) {
  return {
    square: huey.task("square", (n: number) => n * n),
    add: huey.task("add", (a: number, b: number) => a + b),
    sum: huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0)),
    list: huey.task("list", (values: unknown[]) => values),
    fail: huey.task("fail", (..._args: unknown[]): number => {
      throw new RangeError("no");
    }),
  };
}

onEveryStorage("the callback is called with the values of all members, once they have ended", async ({ huey }) => {
  const { square, sum } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(1), square.s(2), square.s(3)], sum));
  for (let i = 0; i < 3; i++) {
    assertEquals(await result.callback.status(), "scheduled");
    await huey.drain({ maxTasks: 1 });
  }
  assertEquals(await result.callback.status(), "queued");
  await huey.drain();
  assertEquals([await result.get(), await result.callback.get(), await result.results.get()], [14, 14, [1, 4, 9]]);
});

onEveryStorage("values come in the order of the members, whoever ends first", async ({ huey }) => {
  const { list, square } = tasks(huey);
  const result = await huey.enqueue(chord([1, 2, 3, 4].map((n) => square.s(n).with({ priority: n })), list));
  await huey.drain({ concurrency: 1 });
  assertEquals(await result.get(), [1, 4, 9, 16]);
});

onEveryStorage("a chord of one member gives its callback a list of one", async ({ huey }) => {
  const { square, list } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(3)], list));
  await huey.drain();
  assertEquals(await result.get(), [9]);
});

onEveryStorage("an empty chord calls its callback with an empty list", async ({ huey }) => {
  const { list, sum } = tasks(huey);
  const results = [await huey.enqueue(chord([], list)), await huey.enqueue(group([]).pipe(sum))] as const;
  await huey.drain();
  assertEquals([await results[0].get(), await results[1].get()], [[], 0]);
});

onEveryStorage("a callback that has arguments gets the list after them", async ({ huey }) => {
  const { square } = tasks(huey);
  const tell = huey.task("tell", (a: string, b: string, values: number[]) => `${a}${b}${values}`);
  const result = await huey.enqueue(chord([square.s(2), square.s(3)], tell.s("a", "b")));
  await huey.drain();
  assertEquals(await result.get(), "ab4,9");
});

onEveryStorage("undefined and null are values of members", async ({ huey }) => {
  const { list } = tasks(huey);
  const nothing = huey.task("nothing", () => undefined);
  const none = huey.task("none", () => null);
  const result = await huey.enqueue(chord([nothing.s(), none.s(), nothing.s()], list));
  await huey.drain();
  assertEquals(await result.get(), [undefined, null, undefined]);
});

onEveryStorage("a member that failed for good gives its TaskException", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  let got: unknown;
  const look = huey.task("look", (values: unknown[]) => {
    got = values[1];
    return values.length;
  });
  const result = await huey.enqueue(chord([square.s(2), fail.s().with({ id: "bad" }), square.s(3)], look));
  await huey.drain();
  assertEquals(await result.get(), 3);
  assertInstanceOf(got, TaskException);
  const { metadata, cause } = got;
  assertEquals([metadata.error, metadata.taskId, metadata.retries], ["RangeError: no", "bad", 0]);
  assert(metadata.traceback.includes("RangeError: no"));
  assertEquals([(cause as Error).name, (cause as Error).message], ["RangeError", "no"]);
});

onEveryStorage("a member counts only when its retries are used up", async ({ huey, clock }) => {
  const { list } = tasks(huey);
  const flaky = huey.task("flaky", { context: true, retries: 1, retryDelay: "1m" }, ({ attempt }, good: boolean) => {
    if (attempt === 1 || !good) throw new Error(`attempt ${attempt}`);
    return attempt;
  });
  const result = await huey.enqueue(chord([flaky.s(true), flaky.s(false)], list));
  await huey.drain();
  assertEquals(await result.callback.status(), "scheduled");
  await clock.advance("1m");
  await huey.drain();
  const look = await result.results.at(0)!.get();
  const status = await result.results.at(1)!.status();
  assertEquals([look, status, await result.callback.status()], [2, "error", "complete"]);
});

onEveryStorage("a callback may look for those that failed", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  const good = huey.task("good", (values: (number | TaskException | undefined)[]) => {
    return values.map((value) => value instanceof TaskException ? "failed" : value ?? "gone");
  });
  const gone = square.s(9);
  const result = await huey.enqueue(chord([square.s(2), fail.s(), gone], good));
  await huey.revoke(gone);
  await huey.drain();
  assertEquals(await result.get(), [4, "failed", "gone"]);
});

onEveryStorage("a member that was revoked, cancelled or has expired gives undefined", async ({ huey, clock }) => {
  const { square, list } = tasks(huey);
  const members = [
    square.s(1),
    square.s(2),
    square.s(3),
    square.s(4).with({ expires: "1m" }),
    square.s(5),
  ] as const;
  const result = await huey.enqueue(chord(members, list));
  await huey.revoke(members[1]);
  await huey.cancel(members[2].id);
  await clock.advance("2m");
  await huey.drain();
  assertEquals(await result.get(), [1, undefined, undefined, undefined, 25]);
});

onEveryStorage("a member that a pre hook cancels gives undefined", async ({ huey }) => {
  const { square, list } = tasks(huey);
  huey.preExecute((task) => {
    if (task.args[0] === 2) throw new CancelExecution();
  });
  const result = await huey.enqueue(chord([square.s(1), square.s(2)], list));
  await huey.drain();
  assertEquals(await result.get(), [1, undefined]);
});

onEveryStorage("where all members fail the callback still runs", async ({ huey }) => {
  const { fail } = tasks(huey);
  const count = huey.task("count", (values: unknown[]) => values.filter((value) => value instanceof Error).length);
  const result = await huey.enqueue(chord([fail.s(1), fail.s(2), fail.s(3)], count));
  await huey.drain();
  assertEquals(await result.get(), 3);
});

onEveryStorage("a member that nobody can run is a dead letter, and the chord goes on", async ({ huey }) => {
  const { square } = tasks(huey);
  const gone = huey.task("gone", () => 1);
  const kinds = huey.task("kinds", (values: unknown[]) => values.map((value) => value instanceof Error));
  const result = await huey.enqueue(chord([square.s(1), gone.s()], kinds));
  gone.unregister();
  await huey.drain();
  assertEquals([await result.get(), (await huey.counts()).dead], [[false, true], 1]);
});

onEveryStorage("a member whose worker always dies is a dead letter, and the chord goes on", async ({ huey, clock }) => {
  const { square } = tasks(huey);
  const kinds = huey.task("kinds", (values: unknown[]) => values.map((value) => value instanceof Error));
  const result = await huey.enqueue(chord([square.s(1).with({ priority: 1 })], kinds));
  for (let i = 0; i < 3; i++) {
    await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
    await clock.advance("11s");
  }
  await huey.drain();
  assertEquals(await result.get(), [true]);
});

onEveryStorage("members may be pipelines, and give the value of their last stage", async ({ huey }) => {
  const { square, add, list } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(2), square.s(3).pipe(add, 1).pipe(square)], list));
  await huey.drain();
  assertEquals([await result.get(), await result.results.get()], [[4, 100], [4, 100]]);
});

onEveryStorage("a member's pipeline that breaks gives what broke it, wherever that was", async ({ huey }) => {
  const { square, add, fail } = tasks(huey);
  const kinds = huey.task("kinds", (values: unknown[]) => {
    return values.map((value) => value instanceof TaskException ? value.metadata.taskId : value);
  });
  const head = square.s(5).pipe(add, 1).pipe(add, 1);
  const result = await huey.enqueue(chord([
    fail.s().with({ id: "first" }).pipe(add, 1).pipe(add, 1),
    square.s(2).pipe(fail.s().with({ id: "middle" })).pipe(add, 1),
    square.s(2).pipe(add, 1).pipe(fail.s().with({ id: "last" })),
    head,
  ], kinds));
  await huey.revoke(head);
  await huey.drain();
  assertEquals(await result.get(), ["first", "middle", "last", undefined]);
  assertEquals(await Promise.all([...result.results].map((one) => one.status())), [
    ...["canceled", "canceled", "error", "canceled"],
  ]);
});

onEveryStorage("a member's own handler is called, and the chord gets the exception all the same", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  const seen: string[] = [];
  const handle = huey.task("handle", (error: Error) => void seen.push(error.message));
  const kinds = huey.task("kinds", (values: unknown[]) => values.map((value) => value instanceof Error));
  const result = await huey.enqueue(chord([square.s(1), fail.s().error(handle)], kinds));
  await huey.drain();
  assertEquals([await result.get(), seen], [[false, true], ["no"]]);
});

onEveryStorage("stages after the callback run one after the other", async ({ huey }) => {
  const { square, sum, add } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(1), square.s(2)], sum).pipe(add, 10).pipe(square));
  await huey.drain();
  assertEquals([await result.get(), await result.callback.get()], [225, 225]);
});

onEveryStorage("a callback may be a pipeline", async ({ huey }) => {
  const { square, sum, add } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(1), square.s(2)], sum.s().pipe(add, 10)));
  await huey.drain();
  assertEquals(await result.get(), 15);
});

onEveryStorage("a callback that fails calls its handler and settles what comes after it", async ({ huey }) => {
  const { square, fail, add } = tasks(huey);
  const seen: string[] = [];
  const handle = huey.task("handle", (error: Error) => void seen.push(error.message));
  const result = await huey.enqueue(chord([square.s(1)], fail).error(handle).pipe(add, 1));
  await huey.drain();
  const error = await assertRejects(() => result.get({ blocking: true }), TaskCanceled);
  assertEquals([error.status, seen], ["canceled", ["no"]]);
});

onEveryStorage("a callback that is retried gets the list again", async ({ huey, clock }) => {
  const { square } = tasks(huey);
  const seen: number[][] = [];
  const flaky = huey.task("flaky", { context: true, retries: 2, retryDelay: "1m" }, ({ attempt }, values: number[]) => {
    seen.push([...values]);
    values.length = 0;
    if (attempt < 3) throw new Error("not yet");
    return attempt;
  });
  const result = await huey.enqueue(chord([square.s(1), square.s(2)], flaky));
  await huey.drain();
  for (let i = 0; i < 2; i++) {
    await clock.advance("1m");
    await huey.drain();
  }
  assertEquals([await result.get(), seen], [3, [[1, 4], [1, 4], [1, 4]]]);
});

onEveryStorage("a callback whose worker dies gets the list again", async ({ huey, clock }) => {
  const { square, sum } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(1), square.s(2)], sum));
  await huey.drain({ maxTasks: 2 });
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await clock.advance("11s");
  await huey.drain();
  assertEquals(await result.get(), 5);
});

onEveryStorage("a callback that is dug up again gets the list again", async ({ huey }) => {
  const { square } = tasks(huey);
  const late = huey.task("late", (values: number[]) => values.length);
  const result = await huey.enqueue(chord([square.s(1), square.s(2)], late));
  late.unregister();
  await huey.drain();
  assertEquals(await result.callback.status(), "error");
  huey.task("late", (values: number[]) => values.length);
  await huey.retryDead();
  await huey.drain();
  assertEquals(await result.get(), 2);
});

onEveryStorage("a callback that is revoked does not run when its members have ended", async ({ huey }) => {
  const { square, sum, add } = tasks(huey);
  const callback = sum.s();
  const result = await huey.enqueue(chord([square.s(1)], callback.pipe(add, 1)));
  await huey.revoke(callback);
  await huey.drain();
  assertEquals([await result.callback.status(), await result.results.get()], ["canceled", [1]]);
});

onEveryStorage("a callback that is cancelled while it waits settles, and its members still run", async ({ huey }) => {
  const { square, sum } = tasks(huey);
  const result = await huey.enqueue(chord([square.s(1)], sum));
  assertEquals(await huey.cancel(result.callback.id), true);
  await huey.drain();
  assertEquals([await result.callback.status(), await result.results.get()], ["canceled", [1]]);
});

onEveryStorage("a delay of the callback counts from the last member's end", async ({ huey, clock }) => {
  const { square, sum } = tasks(huey);
  const result = await huey.enqueue(
    chord([square.s(1), square.s(2).with({ delay: "1h" })], sum.s().with({ delay: "1m" })),
  );
  await huey.drain();
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await result.callback.status(), "scheduled");
  await clock.advance("1m");
  await huey.drain();
  assertEquals(await result.get(), 5);
});

onEveryStorage("chords nest, and each is called once with its own members", async ({ huey }) => {
  const { square, sum, add } = tasks(huey);
  const calls: number[][] = [];
  const total = huey.task("total", (values: number[]) => {
    calls.push(values);
    return values.reduce((a, b) => a + b, 0);
  });
  const inner = chord([square.s(1), square.s(2)], total);
  const middle = chord([inner, square.s(3)], total).pipe(add, 100);
  const result = await huey.enqueue(chord([square.s(4), middle, chord([], sum)], total));
  await huey.drain({ concurrency: 1 });
  assertEquals([await result.get(), calls], [130, [[1, 4], [5, 9], [16, 114, 0]]]);
  assertEquals(await result.results.get(), [16, 114, 0]);
});

onEveryStorage("an inner chord whose callback fails gives the outer one its exception", async ({ huey }) => {
  const { square, fail } = tasks(huey);
  const kinds = huey.task("kinds", (values: unknown[]) => values.map((value) => value instanceof Error));
  const result = await huey.enqueue(chord([chord([square.s(1)], fail), square.s(2)], kinds));
  await huey.drain();
  assertEquals(await result.get(), [true, false]);
});

onEveryStorage("members run in several processes, and the callback in any", async ({ huey, another }) => {
  const { square, sum } = tasks(huey);
  const other = another();
  tasks(other);
  // Several, since what two processes do at the same instant comes out differently each time.
  for (let i = 0; i < 8; i++) {
    const result = await huey.enqueue(chord(Array.from({ length: 10 }, (_, n) => square.s(n)), sum));
    await Promise.all([huey.drain({ concurrency: 1 }), other.drain({ concurrency: 1 })]);
    await huey.drain();
    assertEquals(await result.get(), 285);
  }
});

onEveryStorage("a consumer runs a chord, and a read waits for its callback", async ({ huey, clock, consume }) => {
  const { square, sum } = tasks(huey);
  await consume({ workers: 4 });
  const result = await huey.enqueue(chord([1, 2, 3, 4, 5].map((n) => square.s(n)), sum));
  assertEquals(await asTimePasses(clock, result.get({ blocking: true })), 55);
});

onEveryStorage("a member that is run twice counts once", async ({ huey, clock }) => {
  const { square, sum } = tasks(huey);
  const members = [square.s(2), square.s(3)] as const;
  const result = await huey.enqueue(chord(members, sum));
  await huey.drain({ maxTasks: 1 });
  // The same task once more, as a user may do it, with its place in the chord.
  await huey.enqueue(members[0]);
  await huey.drain({ maxTasks: 1 });
  await clock.advance("1s");
  await huey.drain();
  assertEquals(await result.get(), 13);
});

onEveryStorage("one list of tasks may be the members of two chords", async ({ huey }) => {
  const { square, sum, list } = tasks(huey);
  const members = [square.s(1), square.s(2), square.s(2).pipe(square)];
  const first = await huey.enqueue(chord(members, sum));
  const second = await huey.enqueue(chord(members, list));
  await huey.drain();
  assertEquals([await first.get(), await second.get()], [21, [1, 4, 16]]);
});

onEveryStorage("one task may be in a chord twice, and counts twice", async ({ huey }) => {
  const { square, list } = tasks(huey);
  const one = square.s(3);
  const result = await huey.enqueue(chord([one, one, one], list));
  await huey.drain();
  assertEquals(await result.get(), [9, 9, 9]);
});

onEveryStorage("one chord may be a member in several places, and counts in each", async ({ huey }) => {
  const { square, sum, list } = tasks(huey);
  const inner = chord([square.s(1), square.s(2)], sum);
  await huey.enqueue(inner);
  const first = await huey.enqueue(chord([inner, square.s(3), inner], list));
  const second = await huey.enqueue(chord([inner.pipe(square)], list));
  await huey.drain();
  assertEquals([await first.get(), await second.get()], [[5, 9, 5], [25]]);
});

// Seed 3000270 of the simulation: a producer that was not answered enqueues again.
onEveryStorage("a chord of chords that is enqueued again while it is there is the same messages", async ({ huey }) => {
  const { square, sum, list } = tasks(huey);
  const inner = chord([square.s(1), square.s(2)], sum);
  const outer = chord([inner, square.s(3)], list);
  await huey.enqueue(outer);
  const result = await huey.enqueue(outer);
  await huey.drain();
  assertEquals(await result.get(), [5, 9]);
  assertEquals(await result.results.get(), [5, 9]);
  const { queued, scheduled } = await huey.counts();
  assertEquals({ queued, scheduled }, { queued: 0, scheduled: 0 });
});

onEveryStorage("one callback may be that of two chords", async ({ huey }) => {
  const { square, list } = tasks(huey);
  const callback = list.s();
  const first = await huey.enqueue(chord([square.s(1), square.s(2)], callback));
  const second = await huey.enqueue(chord([square.s(3), square.s(4)], callback));
  await huey.drain();
  assertEquals([await first.get(), await second.get()], [[1, 4], [9, 16]]);
});

onEveryStorage("the same chord enqueued twice is one", async ({ huey }) => {
  const calls: number[][] = [];
  const { square } = tasks(huey);
  const note = huey.task("note", (values: number[]) => void calls.push(values));
  const both = chord([square.s(1), square.s(2)], note);
  await huey.enqueue(both);
  await huey.enqueue(both);
  await huey.drain();
  assertEquals([calls, (await huey.counts()).queued], [[[1, 4]], 0]);
});

onEveryStorage("unique members come, whoever holds their key", async ({ huey }) => {
  const { list } = tasks(huey);
  const once = huey.task("once", { unique: true }, (n: number) => n);
  await once.schedule([1], { delay: "1h" });
  const result = await huey.enqueue(chord([once.s(1), once.s(1), once.s(2)], list));
  await huey.drain();
  assertEquals(await result.get(), [1, 1, 2]);
});

onEveryStorage("a unique callback comes, whoever holds its key", async ({ huey }) => {
  const { square } = tasks(huey);
  const total = huey.task("total", { unique: { key: () => "one" } }, (values: number[]) => values.length);
  await total.schedule([[]], { delay: "1h" });
  const result = await huey.enqueue(chord([square.s(1)], total));
  await huey.drain();
  assertEquals(await result.get(), 1);
});

onEveryStorage("each member sends its signals, and then the callback", async ({ huey }) => {
  const { square, sum, fail } = tasks(huey);
  const signals = recordSignals(huey);
  await huey.enqueue(chord([square.s(1), fail.s()], sum));
  await huey.drain({ concurrency: 1 });
  assertEquals(signals, [
    ...["enqueued", "enqueued", "enqueued"],
    ...["executing", "complete", "executing", "error"],
    ...["executing", "complete"],
  ]);
});

onEveryStorage("without results the callback still gets its list", async ({ huey }) => {
  const { square } = tasks(huey);
  const seen: unknown[] = [];
  const note = huey.task("note", (values: number[]) => void seen.push(values));
  await huey.enqueue(chord([square.s(1), square.s(2)], note));
  await huey.drain();
  assertEquals([seen, (await huey.counts()).results], [[[1, 4]], 0]);
}, { results: false });

onEveryStorage("the handles on a chord are one per member and one on its end", async ({ huey }) => {
  const { square, sum, add } = tasks(huey);
  const members = [square.s(1), square.s(2).pipe(add, 1)] as const;
  const result = await huey.enqueue(chord(members, sum.s().pipe(add, 1)));
  assertEquals([result.results.length, result.results.at(0)!.id], [2, members[0].id]);
  await huey.drain();
  assertEquals([await result.results.get(), await result.callback.get()], [[1, 5], 7]);
});

test("what is no task is refused as a callback", () => {
  const { square } = tasks(new Huey("tests"));
  for (const wrong of [undefined, null, 5, () => {}, {}]) {
    assertThrows(() => chord([square.s(1)], wrong as never), TypeError);
    assertThrows(() => group([square.s(1)]).pipe(wrong as never), TypeError);
  }
  assertThrows(() => chord(square.s(1) as never, square as never), TypeError);
});
