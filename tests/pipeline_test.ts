import { test } from "node:test";
import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { CancelExecution, Huey, RetryTask, spread, TaskCanceled, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

/** The tasks that most pipelines here are made of. */
function tasks(huey: Huey) {
  return {
    add: huey.task("add", (a: number, b: number) => a + b),
    mul: huey.task("mul", (a: number, b: number) => a * b),
    fail: huey.task("fail", (..._args: unknown[]): number => {
      throw new RangeError("no");
    }),
    list: huey.task("list", (...args: unknown[]) => args),
  };
}

onEveryStorage("the value of a stage comes after the arguments that the next one was given", async ({ huey }) => {
  const { add, list } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(list, "a", "b"));
  await huey.drain();
  assertEquals(await stages.get(), [3, ["a", "b", 3]]);
});

onEveryStorage("a pipeline gives one handle per stage", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3).pipe(add, 4).pipe(mul, 5));
  assertEquals([stages.length, new Set([...stages].map(({ id }) => id)).size], [4, 4]);
  await huey.drain();
  assertEquals(await stages.get(), [3, 9, 13, 65]);
  assertEquals(await stages.at(-1)!.get(), 65);
});

onEveryStorage("a list is one argument, spread gives several, undefined gives none", async ({ huey }) => {
  const { list } = tasks(huey);
  const one = huey.task("one", () => [1, 2]);
  const two = huey.task("two", () => spread(1, 2));
  const nothing = huey.task("nothing", () => undefined);
  const none = huey.task("none", () => null);
  const all = await Promise.all([
    huey.enqueue(one.s().pipe(list)),
    huey.enqueue(two.s().pipe(list)),
    huey.enqueue(nothing.s().pipe(list)),
    huey.enqueue(none.s().pipe(list)),
  ]);
  await huey.drain();
  assertEquals(await Promise.all(all.map((stages) => stages.at(1)!.get())), [[[1, 2]], [1, 2], [], [null]]);
  assertEquals(await all[1].at(0)!.get(), [1, 2], "the value of one that spreads is the list");
});

onEveryStorage("an object is one argument", async ({ huey }) => {
  const { list } = tasks(huey);
  const stages = await huey.enqueue(huey.task("one", () => ({ a: 1 })).s().pipe(list, { a: 2, b: 3 }));
  await huey.drain();
  assertEquals(await stages.at(1)!.get(), [{ a: 2, b: 3 }, { a: 1 }]);
});

onEveryStorage("a next stage may be a task function or a task that has its first arguments", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul.s(3)).pipe(add, 1).pipe(mul.s(2)));
  await huey.drain();
  assertEquals(await stages.get(), [3, 9, 10, 20]);
});

onEveryStorage("a next stage may itself be a pipeline, and arguments are added to those it has", async ({ huey }) => {
  const { add, mul, list } = tasks(huey);
  const later = mul.s(3).pipe(list, "end");
  const stages = await huey.enqueue(add.s(1, 2).pipe(later).pipe(list.s("a"), "b"));
  assertEquals(stages.length, 4);
  await huey.drain();
  assertEquals(await stages.get(), [3, 9, ["end", 9], ["a", "b", ["end", 9]]]);
});

onEveryStorage("one task may be the next stage in many places, each time anew", async ({ huey }) => {
  const { add } = tasks(huey);
  const one = add.s(1);
  const first = await huey.enqueue(add.s(0, 0).pipe(one).pipe(one).pipe(one));
  const second = await huey.enqueue(add.s(10, 0).pipe(one).pipe(one.pipe(one)));
  await huey.drain();
  assertEquals(await first.get(), [0, 1, 2, 3]);
  assertEquals(await second.get(), [10, 11, 12, 13]);
});

onEveryStorage("building a pipeline leaves the tasks it is made of as they were", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const head = add.s(1, 2);
  const long = head.pipe(mul, 3);
  assertEquals([head.fields.stages, long.fields.stages?.length], [undefined, 1]);
  const result = await huey.enqueue(head);
  await huey.drain();
  assertEquals([await result.get(), (await huey.counts()).results], [3, 1]);
});

onEveryStorage("a stage has an id, which may be chosen", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const second = mul.s(3).with({ id: "second" });
  const stages = await huey.enqueue(add.s(1, 2).with({ id: "first" }).pipe(second));
  assertEquals([...stages].map(({ id }) => id), ["first", "second"]);
  await huey.drain();
  assertEquals([await huey.result("first").get(), await huey.result("second").get()], [3, 9]);
});

onEveryStorage("a later stage is not there before the one before it has ended", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3).pipe(mul, 3));
  const statuses = async () => await Promise.all([...stages].map((stage) => stage.status()));
  assertEquals(await statuses(), ["queued", "unknown", "unknown"]);
  await huey.drain({ maxTasks: 1 });
  assertEquals(await statuses(), ["complete", "queued", "unknown"]);
  await huey.drain({ maxTasks: 1 });
  assertEquals(await statuses(), ["complete", "complete", "queued"]);
});

onEveryStorage("a stage that fails settles all later ones as cancelled", async ({ huey }) => {
  const { add, mul, fail } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(fail).pipe(mul, 3).pipe(mul, 4));
  await huey.drain();
  assertEquals(await stages.at(0)!.get(), 3);
  await assertRejects(() => stages.at(1)!.get(), TaskException, "no");
  for (const at of [2, 3]) {
    const error = await assertRejects(() => stages.at(at)!.get({ blocking: true }), TaskCanceled);
    assertEquals(error.status, "canceled");
  }
  assertEquals(await huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results: 4 });
});

onEveryStorage("a stage that is revoked settles all later ones as cancelled", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3).pipe(mul, 4));
  await stages.at(1)!.revoke();
  await huey.drain();
  assertEquals(await Promise.all([...stages].map((stage) => stage.status())), ["complete", "revoked", "canceled"]);
});

onEveryStorage("a stage can be revoked by the task it was made of", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const second = mul.s(3);
  const stages = await huey.enqueue(add.s(1, 2).pipe(second));
  await huey.revoke(second);
  await huey.drain();
  assertEquals(await stages.at(1)!.status(), "revoked");
});

onEveryStorage("a head that is revoked, cancelled or expires takes all stages with it", async ({ huey, clock }) => {
  const { add, mul } = tasks(huey);
  const revoked = await huey.enqueue(add.s(1, 2).pipe(mul, 3));
  const canceled = await huey.enqueue(add.s(1, 2).pipe(mul, 3));
  const expired = await huey.enqueue(add.s(1, 2).with({ expires: "1m" }).pipe(mul, 3));
  await revoked.at(0)!.revoke();
  assertEquals(await huey.cancel(canceled.at(0)!.id), true);
  await clock.advance("2m");
  await huey.drain();
  const statuses = [revoked, canceled, expired].map((stages) => [...stages].map((stage) => stage.status()));
  assertEquals(await Promise.all(statuses.map((stages) => Promise.all(stages))), [
    ["revoked", "canceled"],
    ["canceled", "canceled"],
    ["expired", "canceled"],
  ]);
});

onEveryStorage("a stage that cancels itself settles all later ones as cancelled", async ({ huey }) => {
  const { mul } = tasks(huey);
  const quit = huey.task("quit", (): number => {
    throw new CancelExecution();
  });
  const stages = await huey.enqueue(quit.s().pipe(mul, 3));
  await huey.drain();
  assertEquals(await Promise.all([...stages].map((stage) => stage.status())), ["canceled", "canceled"]);
});

onEveryStorage("a stage that nobody can run settles all later ones, and retryDead lets it go on", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const gone = huey.task("gone", (n: number) => n + 1);
  const stages = await huey.enqueue(add.s(1, 2).pipe(gone).pipe(mul, 2));
  gone.unregister();
  await huey.drain();
  assertEquals(await Promise.all([...stages].map((stage) => stage.status())), ["complete", "error", "canceled"]);
  huey.task("gone", (n: number) => n + 1);
  assertEquals(await huey.retryDead(), 1);
  assertEquals(await Promise.all([...stages].map((stage) => stage.status())), ["complete", "queued", "unknown"]);
  await huey.drain();
  assertEquals(await stages.get(), [3, 4, 8]);
});

onEveryStorage("a value that the next stage cannot be given buries the stage that returned it", async ({ huey }) => {
  const { list } = tasks(huey);
  const stages = await huey.enqueue(huey.task("odd", () => () => {}).s().pipe(list));
  await huey.drain();
  assertEquals(await Promise.all([...stages].map((stage) => stage.status())), ["error", "canceled"]);
  assertEquals((await huey.dead()).map(({ reason }) => reason), ["its return value cannot be serialised"]);
});

onEveryStorage("a retry keeps the pipeline, which goes on when it succeeds", async ({ huey, clock }) => {
  const { mul } = tasks(huey);
  const flaky = huey.task("flaky", { context: true, retries: 2, retryDelay: "1m" }, ({ attempt }) => {
    if (attempt < 3) throw new Error("not yet");
    return attempt;
  });
  const stages = await huey.enqueue(flaky.s().pipe(mul, 10));
  for (let i = 0; i < 3; i++) {
    await huey.drain();
    await clock.advance("1m");
  }
  await huey.drain();
  assertEquals(await stages.get(), [3, 30]);
});

onEveryStorage("a RetryTask keeps the pipeline, too", async ({ huey, clock }) => {
  const { mul } = tasks(huey);
  const ask = huey.task("ask", { context: true }, ({ attempt }) => {
    if (attempt === 1) throw new RetryTask({ delay: "5m" });
    return 7;
  });
  const stages = await huey.enqueue(ask.s().pipe(mul, 2));
  await huey.drain();
  await clock.advance("5m");
  await huey.drain();
  assertEquals(await stages.get(), [7, 14]);
});

onEveryStorage("a delay of a later stage counts from when that stage becomes ready", async ({ huey, clock }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).with({ delay: "1h" }).pipe(mul.s(3).with({ delay: "1m" })));
  await clock.advance("1h");
  await huey.drain();
  assertEquals([await stages.at(0)!.get(), await stages.at(1)!.status()], [3, "scheduled"]);
  await clock.advance("59s");
  await huey.drain();
  assertEquals(await stages.at(1)!.status(), "scheduled");
  await clock.advance("1s");
  await huey.drain();
  assertEquals(await stages.at(1)!.get(), 9);
});

onEveryStorage("an expiry of a later stage counts from when that stage becomes ready", async ({ huey, clock }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).with({ delay: "1h" }).pipe(mul.s(3).with({ expires: "1m" })));
  await clock.advance("1h");
  await huey.drain({ maxTasks: 1 });
  await clock.advance("61s");
  await huey.drain();
  assertEquals([await stages.at(0)!.get(), await stages.at(1)!.status()], [3, "expired"]);
});

onEveryStorage("each stage has the options of its own function and of its own call", async ({ huey, clock }) => {
  const { add } = tasks(huey);
  const runs: number[] = [];
  const retried = huey.task("retried", { context: true }, ({ attempt, retries, task }) => {
    runs.push(attempt, retries, task.priority);
    throw new Error("no");
  });
  await huey.enqueue(add.s(1, 2).pipe(retried.s().with({ retries: 1, retryDelay: "1m", priority: 7 }) as never));
  await huey.drain();
  await clock.advance("1m");
  await huey.drain();
  assertEquals(runs, [1, 1, 7, 2, 0, 7]);
});

onEveryStorage("a pipeline's stages run wherever there is a hand free", async ({ huey, another }) => {
  const { add, mul } = tasks(huey);
  const other = another();
  tasks(other);
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3).pipe(mul, 4));
  await huey.drain({ maxTasks: 1 });
  await other.drain({ maxTasks: 1 });
  await huey.drain({ maxTasks: 1 });
  assertEquals(await stages.get(), [3, 9, 36]);
});

onEveryStorage("a consumer runs a pipeline from end to end, and a read waits for its last stage", async (bench) => {
  const { huey, clock, consume } = bench;
  const { add, mul } = tasks(huey);
  await consume();
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3).pipe(mul, 4));
  assertEquals(await asTimePasses(clock, stages.get({ blocking: true })), [3, 9, 36]);
});

onEveryStorage("a worker that dies in a stage loses nothing of the pipeline", async ({ huey, clock }) => {
  const { add, mul } = tasks(huey);
  const stages = await huey.enqueue(add.s(1, 2).pipe(mul, 3));
  await huey.drain({ maxTasks: 1 });
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await clock.advance("11s");
  await huey.drain();
  assertEquals(await stages.get(), [3, 9]);
});

onEveryStorage("a stage whose lease was lost adds no second continuation", async ({ huey, another, clock }) => {
  const seen: number[] = [];
  const note = huey.task("note", (n: number) => void seen.push(n));
  let first!: (n: number) => void;
  const slow = huey.task("slow", () => new Promise<number>((resolve) => first ??= resolve));
  const other = another();
  other.task("slow", () => 2);
  const stages = await huey.enqueue(slow.s().pipe(note));
  const drain = huey.drain({ maxTasks: 1, budget: "1h" });
  while (!first) await new Promise((resolve) => setTimeout(resolve, 1));
  // Nobody renews: the clock of the storage jumps, the worker sleeps.
  const { deliveries } = await other.core.storage.exchange({
    now: clock.now() + 11_000,
    claim: { limit: 1, lease: 10_000 },
  });
  assertEquals(deliveries.length, 1);
  first(1);
  await drain;
  await huey.drain();
  assertEquals([seen, await stages.at(0)!.get()], [[], undefined]);
});

onEveryStorage("the signals of a pipeline are those of its tasks, one after the other", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const signals = recordSignals(huey);
  await huey.enqueue(add.s(1, 2).pipe(mul, 3).pipe(mul.s(3).with({ delay: "1m" })));
  await huey.drain();
  assertEquals(signals, [
    ...["enqueued", "executing", "complete"],
    ...["enqueued", "executing", "complete"],
    ...["enqueued", "scheduled"],
  ]);
});

onEveryStorage("without results a pipeline runs all the same, and a read ends", async ({ huey, clock }) => {
  const seen: unknown[] = [];
  const { add } = tasks(huey);
  const note = huey.task("note", (n: number) => void seen.push(n));
  const stages = await huey.enqueue(add.s(1, 2).pipe(note));
  await huey.drain();
  assertEquals([seen, await asTimePasses(clock, stages.at(1)!.get({ blocking: true }))], [[3], undefined]);
}, { results: false });

// ---- handlers of errors

onEveryStorage("a handler is called with its arguments and then the error, once the task has failed", async (bench) => {
  const { huey } = bench;
  const { fail } = tasks(huey);
  const seen: unknown[] = [];
  const handle = huey.task("handle", (where: string, error: Error) => void seen.push(where, error));
  const result = await huey.enqueue(fail.s().error(handle, "here"));
  await huey.drain();
  await assertRejects(() => result.get(), TaskException);
  const [where, error] = seen as [string, Error];
  assertInstanceOf(error, RangeError);
  assertEquals([where, error.message], ["here", "no"]);
});

onEveryStorage("a handler is not called when the task succeeds, is revoked, cancelled or expires", async (bench) => {
  const { huey, clock } = bench;
  const { add } = tasks(huey);
  let calls = 0;
  const handle = huey.task("handle", () => void calls++);
  await huey.enqueue(add.s(1, 2).error(handle));
  const revoked = await huey.enqueue(add.s(1, 2).error(handle));
  await huey.revoke(revoked.id);
  await huey.enqueue(add.s(1, 2).with({ expires: "1m", delay: "1h" }).error(handle));
  await huey.enqueue(
    huey.task("quit", () => {
      throw new CancelExecution();
    }).s().error(handle),
  );
  await huey.drain();
  await clock.advance("2h");
  await huey.drain();
  assertEquals(calls, 0);
});

onEveryStorage("a handler waits until no retries are left", async ({ huey }) => {
  const seen: number[] = [];
  let runs = 0;
  const fail = huey.task("fail", { retries: 2 }, () => {
    throw new Error(`${++runs}`);
  });
  const handle = huey.task("handle", (error: Error) => void seen.push(Number(error.message)));
  await huey.enqueue(fail.s().error(handle));
  await huey.drain();
  assertEquals([runs, seen], [3, [3]]);
});

onEveryStorage("with storeIntermediateErrors a handler is called at each failure, with that failure", async (bench) => {
  const { huey } = bench;
  const seen: number[] = [];
  let runs = 0;
  const fail = huey.task("fail", { retries: 2 }, () => {
    throw new Error(`${++runs}`);
  });
  const handle = huey.task("handle", (error: Error) => void seen.push(Number(error.message)));
  await huey.enqueue(fail.s().error(handle));
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, [1, 2, 3]);
}, { storeIntermediateErrors: true });

onEveryStorage("a second handler is for the failure of the first", async ({ huey }) => {
  const seen: string[] = [];
  const { fail } = tasks(huey);
  const first = huey.task("first", (error: Error) => {
    seen.push(`first ${error.message}`);
    throw new Error("nor I");
  });
  const second = huey.task("second", (error: Error) => void seen.push(`second ${error.message}`));
  await huey.enqueue(fail.s().error(first).error(second));
  await huey.drain();
  assertEquals(seen, ["first no", "second nor I"]);
});

onEveryStorage("a handler is for its own stage, and not for later ones", async ({ huey }) => {
  const seen: string[] = [];
  const { add, fail } = tasks(huey);
  const handle = huey.task("handle", (where: string) => void seen.push(where));
  await huey.enqueue(add.s(1, 2).pipe(fail.s().error(handle.s("second"))).error(handle.s("first")));
  await huey.enqueue(fail.s().pipe(fail.s().error(handle.s("later"))).error(handle.s("head")));
  await huey.drain();
  assertEquals(seen.sort(), ["head", "second"]);
});

onEveryStorage("one task may be the handler in many places", async ({ huey }) => {
  let calls = 0;
  const { fail } = tasks(huey);
  const handle = huey.task("handle", () => void calls++).s();
  await Promise.all([1, 2, 3].map(() => huey.enqueue(fail.s().error(handle))));
  await huey.drain();
  assertEquals(calls, 3);
});

onEveryStorage("a handler may be a pipeline", async ({ huey }) => {
  const seen: string[] = [];
  const { fail } = tasks(huey);
  const message = huey.task("message", (error: Error) => error.message);
  const note = huey.task("note", (text: string) => void seen.push(text));
  await huey.enqueue(fail.s().error(message.s().pipe(note)));
  await huey.drain();
  assertEquals(seen, ["no"]);
});

onEveryStorage("a timeout and a dead letter are failures to a handler, too", async ({ huey, clock }) => {
  const seen: string[] = [];
  const handle = huey.task("handle", (error: Error) => void seen.push(error.name));
  const hang = huey.task("hang", { timeout: "5s" }, () => new Promise<void>(() => {}));
  const gone = huey.task("gone", () => {});
  await huey.enqueue(hang.s().error(handle));
  await huey.enqueue(gone.s().error(handle));
  gone.unregister();
  const drain = huey.drain();
  await asTimePasses(clock, drain);
  await huey.drain();
  assertEquals(seen.sort(), ["HueyError", "TaskTimeout"]);
});

onEveryStorage("what was thrown and cannot travel reaches the handler by name, message and stack", async (bench) => {
  const { huey } = bench;
  const seen: unknown[] = [];
  class Odd extends Error {
    override name = "Odd";
    readonly callback = () => {};
  }
  const odd = huey.task("odd", () => {
    throw Object.assign(new Odd("x"), { cause: () => {} });
  });
  const handle = huey.task("handle", (error: Error) => void seen.push(error.name, error.message));
  await huey.enqueue(odd.s().error(handle));
  await huey.drain();
  assertEquals(seen, ["Odd", "x"]);
});

// ---- unique tasks and ids in pipelines

onEveryStorage("a unique head that is there already settles the stages of the second pipeline", async (bench) => {
  const { huey } = bench;
  const seen: number[] = [];
  const head = huey.task("head", { unique: true }, () => 1);
  const note = huey.task("note", (n: number) => void seen.push(n));
  const first = await huey.enqueue(head.s().pipe(note));
  const second = await huey.enqueue(head.s().pipe(note));
  assertEquals(second.at(0)!.id, first.at(0)!.id);
  await huey.drain();
  assertEquals([seen, await second.at(1)!.status()], [[1], "canceled"]);
  assertEquals(await first.get(), [1, undefined]);
});

onEveryStorage("the same pipeline enqueued twice is one", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const pipeline = add.s(1, 2).pipe(mul, 3);
  const [first, second] = [await huey.enqueue(pipeline), await huey.enqueue(pipeline)];
  assertEquals((await huey.counts()).queued, 1);
  await huey.drain();
  assertEquals([await first.get(), await second.get()], [[3, 9], [3, 9]]);
});

onEveryStorage("a pipeline whose id another one has settles its stages", async ({ huey }) => {
  const { add, mul } = tasks(huey);
  const first = await huey.enqueue(add.s(1, 2).with({ id: "x" }).pipe(mul, 3));
  const second = await huey.enqueue(add.s(5, 5).with({ id: "x" }).pipe(mul, 3));
  await huey.drain();
  assertEquals([await first.get(), await second.at(0)!.get(), await second.at(1)!.status()], [[3, 9], 3, "canceled"]);
});

onEveryStorage("a unique task that is a later stage comes, whoever holds its key", async ({ huey }) => {
  const { add } = tasks(huey);
  const seen: number[] = [];
  const note = huey.task("note", { unique: { key: () => "one" } }, (n: number) => void seen.push(n));
  const held = await note.schedule([0], { delay: "1h" });
  const stages = await huey.enqueue(add.s(1, 2).pipe(note));
  await huey.drain();
  assertEquals([seen, await stages.at(1)!.status(), await held.status()], [[3], "complete", "scheduled"]);
});

test("what is no task is refused as a stage and as a handler", () => {
  const { add } = tasks(new Huey("tests"));
  for (const wrong of [undefined, null, 5, "mul", () => {}, {}]) {
    assertThrows(() => add.s(1, 2).pipe(wrong as never), TypeError);
    assertThrows(() => add.s(1, 2).error(wrong as never), TypeError);
  }
});
