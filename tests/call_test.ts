import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Result, Task, TaskCanceled } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";

onEveryStorage("a call runs nothing, and its value is there once a worker has run it", async ({ huey }) => {
  let runs = 0;
  const add = huey.task("add", (a: number, b: number) => {
    runs++;
    return a + b;
  });
  const result = await add(1, 2);
  assertEquals([runs, await result.get()], [0, undefined]);
  await huey.drain();
  assertEquals([runs, await result.get()], [1, 3]);
});

onEveryStorage("a task is enqueued in one process, run in another and read in a third", async ({ huey, another }) => {
  const add = huey.task("add", (): number => {
    throw new Error("this process only enqueues");
  });
  const worker = another();
  worker.task("add", () => 3);
  const { id } = await add();
  await worker.drain();
  assertEquals(await another().result(id).get(), 3);
});

onEveryStorage("arguments and values keep their types on the way", async ({ huey }) => {
  const values = [
    undefined,
    null,
    NaN,
    -0,
    10n ** 30n,
    new Date(0),
    new Map([[{ a: 1 }, new Set([1])]]),
    new Uint8Array([1, 2]),
    new URL("https://example.org/"),
    "~'\u2028 \ud83d\ude00",
  ];
  const echo = huey.task("echo", (...args: unknown[]) => args);
  const result = await echo(...values);
  await huey.drain();
  assertEquals(await result.get(), values);
});

onEveryStorage("an error is carried as an argument", async ({ huey }) => {
  const describe = huey.task("describe", (error: Error) => `${error instanceof TypeError} ${error.message}`);
  const result = await describe(new TypeError("no"));
  await huey.drain();
  assertEquals(await result.get(), "true no");
});

onEveryStorage("each run gets its own copy of the arguments", async ({ huey }) => {
  let runs = 0;
  const given = { list: [1] };
  const push = huey.task("push", { retries: 1 }, (box: { list: number[] }) => {
    box.list.push(2);
    if (++runs === 1) throw new Error("again");
    return box.list;
  });
  const result = await push(given);
  given.list.push(99);
  await huey.drain();
  assertEquals([runs, await result.get()], [2, [1, 2]]);
});

onEveryStorage(
  "an argument that cannot be serialised is refused at the call, and nothing is enqueued",
  async ({ huey }) => {
    const work = huey.task("work", (_fn: unknown) => {});
    await assertRejects(() => work(() => {}));
    assertEquals((await huey.counts()).queued, 0);
  },
);

onEveryStorage("s builds a task without enqueuing it", async ({ huey }) => {
  const add = huey.task("add", { priority: 3, retries: 2 }, (a: number, b: number) => a + b);
  const task = add.s(1, 2);
  assertInstanceOf(task, Task);
  assertEquals([task.name, task.args, task.priority, task.retries, task.eta], ["add", [1, 2], 3, 2, undefined]);
  assertEquals((await huey.counts()).queued, 0);
  const result = await huey.enqueue(task);
  assertInstanceOf(result, Result);
  assertEquals(result.id, task.id);
  await huey.drain();
  assertEquals(await result.get(), 3);
});

onEveryStorage("each task has an id of its own", async ({ huey }) => {
  const work = huey.task("work", () => {});
  assertNotEquals(work.s().id, work.s().id);
  assertNotEquals((await work()).id, (await work()).id);
});

onEveryStorage("with gives a new task and leaves the first as it was", async ({ huey, clock }) => {
  const task = huey.task("work", { retries: 1 }, () => {}).s();
  const eta = clock.now() + 5_000;
  const changed = task.with({ priority: 7, retries: 4, id: "mine" }).with({ eta });
  assertEquals([changed.priority, changed.retries, changed.id, changed.eta], [7, 4, "mine", eta]);
  assertEquals([task.priority, task.retries, task.eta], [0, 1, undefined]);
  assertNotEquals((await huey.enqueue(task)).id, "mine");
});

onEveryStorage("of delay and eta the one given last holds, and both at once are refused", async ({ huey, clock }) => {
  const task = huey.task("work", () => {}).s();
  assertThrows(() => task.with({ delay: 1, eta: clock.now() }), TypeError, "both");
  await huey.enqueue(task.with({ delay: "1h" }).with({ eta: clock.now() + 1_000 }));
  await huey.enqueue(task.with({ id: "b", eta: clock.now() + 1_000 }).with({ delay: "1h" }));
  const etas = (await huey.scheduled()).map((task) => task.eta! - clock.now());
  assertEquals(etas, [1_000, 3_600_000]);
});

onEveryStorage("nonsense in a call is refused at the call", async ({ huey }) => {
  const work = huey.task("work", () => {});
  const refusals: [options: Record<string, unknown>, error: typeof TypeError | typeof RangeError, shown: string][] = [
    [{ delay: -1 }, RangeError, "'delay'"],
    [{ delay: "5 min" }, TypeError, '"5 min"'],
    [{ eta: NaN }, TypeError, "'eta'"],
    [{ eta: "tomorrow" }, TypeError, '"tomorrow"'],
    [{ eta: new Date(NaN) }, TypeError, "'eta'"],
    [{ retries: 1.5 }, RangeError, "'retries'"],
    [{ timeout: "5 min" }, TypeError, "'timeout'"],
    [{ priority: NaN }, TypeError, "'priority'"],
    [{ id: "" }, TypeError, "'id'"],
    [{ id: 5 }, TypeError, "'id'"],
  ];
  for (const [options, error, shown] of refusals) {
    await assertRejects(() => work.schedule([], options), error, shown);
    assertThrows(() => work.s().with(options), error, shown);
  }
  assertEquals((await huey.counts()).scheduled, 0);
});

onEveryStorage("map enqueues a task for each list of arguments in one request, in order", async ({ huey }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const before = huey.core.storage.requests;
  const results = [...await add.map([[1, 2], [3, 4], [5, 6]])];
  assertEquals(huey.core.storage.requests - before, 1);
  await huey.drain();
  assertEquals(await Promise.all(results.map((result) => result.get())), [3, 7, 11]);
  assertEquals((await add.map([])).length, 0);
});

onEveryStorage("enqueue takes a list of tasks, and gives their results in order", async ({ huey }) => {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const tasks = [add.s(1, 2), add.s(3, 4)];
  const results = [...await huey.enqueue(tasks)];
  assertEquals(results.map(({ id }) => id), tasks.map(({ id }) => id));
  await huey.drain();
  assertEquals(await results[1].get(), 7);
  assertEquals((await huey.enqueue([])).length, 0);
});

onEveryStorage("calls within one turn of the event loop share a request", async ({ huey }) => {
  const work = huey.task("work", () => {});
  const before = huey.core.storage.requests;
  await Promise.all([work(), work(), work()]);
  assertEquals([huey.core.storage.requests - before, (await huey.counts()).queued], [1, 3]);
});

onEveryStorage("callLocal calls the function here and now, and stores nothing", async ({ huey }) => {
  const add = huey.task("add", { retries: 3 }, (a: number, b: number) => a + b);
  assertEquals([await add.callLocal(1, 2), huey.core.storage.requests], [3, 0]);
});

onEveryStorage("callLocal of a task with a context gives it one", async ({ huey }) => {
  const work = huey.task("work", { context: true, retries: 2 }, ({ name, attempt, retries, signal }, x: number) => {
    return [name, attempt, retries, signal.aborted, x];
  });
  assertEquals(await work.callLocal(5), ["work", 1, 2, false, 5]);
});

onEveryStorage("a task calls another, and gets the handle on it", async ({ huey }) => {
  const inner = huey.task("inner", (x: number) => x * 2);
  const outer = huey.task("outer", async (x: number) => (await inner(x)).id);
  const result = await outer(4);
  await huey.drain();
  assertEquals(await huey.result((await result.get())!).get(), 8);
});

onEveryStorage("the same id twice, while the first is not finished, is one message", async ({ huey }) => {
  const runs: string[] = [];
  const work = huey.task("work", (which: string) => {
    runs.push(which);
  });
  const first = await work.schedule(["first"], { id: "same" });
  const second = await work.schedule(["second"], { id: "same", delay: "1h" });
  assertEquals([first.id, second.id], ["same", "same"]);
  assertEquals(await huey.counts(), { queued: 1, scheduled: 0, running: 0, dead: 0, results: 0 });
  await huey.drain();
  assertEquals(runs, ["first"]);
  await work.schedule(["third"], { id: "same" });
  await huey.drain();
  assertEquals(runs, ["first", "third"]);
});

onEveryStorage("an id is one message among calls of one turn, and among processes", async ({ huey, another }) => {
  const work = huey.task("work", () => {});
  const elsewhere = another().task("work", () => {});
  await Promise.all([work.schedule([], { id: "same" }), work.schedule([], { id: "same" })]);
  await elsewhere.schedule([], { id: "same" });
  assertEquals((await huey.counts()).queued, 1);
});

onEveryStorage("an id may be any text", async ({ huey }) => {
  const work = huey.task("work", () => 1);
  for (const id of ["a b", "ä:/\n{}", "__proto__", "x".repeat(500)]) {
    const result = await work.schedule([], { id });
    await huey.drain();
    assertEquals([result.id, await result.get(), await result.status()], [id, 1, "complete"]);
  }
});

onEveryStorage("tasks of an unregistered function become dead letters where nobody else knows it", async ({ huey }) => {
  const work = huey.task("work", () => {});
  const result = await work();
  work.unregister();
  await huey.drain();
  assertEquals([await result.status(), (await huey.dead()).length], ["error", 1]);
});

onEveryStorage("instances of different names see nothing of each other", async ({ huey }) => {
  const work = huey.task("work", () => {});
  const result = await work();
  const { Huey } = await import("@hq/huey");
  const other = new Huey("others", { clock: huey.core.clock });
  assertEquals([(await other.counts()).queued, await other.result(result.id).status()], [0, "unknown"]);
});

onEveryStorage("a handle is not a promise, and awaiting it gives the handle", async ({ huey }) => {
  const result = await huey.task("work", () => 1)();
  assert(!("then" in result));
  assertEquals(await result, result);
});

onEveryStorage("a task that was enqueued can be found by its id alone", async ({ huey, another }) => {
  const { id } = await huey.task("work", () => {})();
  const handle = another().result(id);
  assertEquals([handle.id, await handle.status()], [id, "queued"]);
  await another().cancel(id);
  await assertRejects(() => handle.get(), TaskCanceled);
});
