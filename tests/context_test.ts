import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { RetryTask, Task, type TaskContext } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";

onEveryStorage("a task with a context gets it before its arguments", async ({ huey }) => {
  let seen: TaskContext | undefined;
  const work = huey.task("work", { context: true, retries: 2 }, (context, a: number, b: string) => {
    seen = context;
    return [a, b];
  });
  const result = await work(1, "two");
  await huey.drain();
  assertEquals(await result.get(), [1, "two"]);
  assert(seen);
  const { id, name, attempt, retries, deliveries, task, signal } = seen;
  assertEquals({ id, name, attempt, retries, deliveries }, {
    id: result.id,
    name: "work",
    attempt: 1,
    retries: 2,
    deliveries: 1,
  });
  assertInstanceOf(task, Task);
  assertEquals([task.id, task.args], [result.id, [1, "two"]]);
  assertEquals([signal instanceof AbortSignal, signal.aborted], [true, false]);
});

onEveryStorage("a task without a context gets its arguments alone", async ({ huey }) => {
  const count = huey.task("count", (...args: unknown[]) => args.length);
  const result = await count("one");
  await huey.drain();
  assertEquals(await result.get(), 1);
});

onEveryStorage("attempt rises and retries fall with each retry, and deliveries begin anew", async ({ huey }) => {
  const seen: number[][] = [];
  const fail = huey.task("fail", { context: true, retries: 2 }, ({ attempt, retries, deliveries }) => {
    seen.push([attempt, retries, deliveries]);
    throw new Error("no");
  });
  await fail();
  await huey.drain();
  assertEquals(seen, [[1, 2, 1], [2, 1, 1], [3, 0, 1]]);
});

onEveryStorage("a retry that was asked for raises attempt and keeps retries", async ({ huey }) => {
  const seen: number[][] = [];
  const again = huey.task("again", { context: true, retries: 1 }, ({ attempt, retries }) => {
    seen.push([attempt, retries]);
    if (attempt < 3) throw new RetryTask();
  });
  await again();
  await huey.drain();
  assertEquals(seen, [[1, 1], [2, 1], [3, 1]]);
});

onEveryStorage(
  "deliveries counts the workers that died with the message, attempt does not",
  async ({ huey, clock }) => {
    const seen: number[][] = [];
    const work = huey.task("work", { context: true }, ({ attempt, deliveries }) => {
      seen.push([attempt, deliveries]);
    });
    await work();
    await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
    await clock.advance("11s");
    await huey.drain();
    assertEquals(seen, [[1, 2]]);
  },
);

onEveryStorage("what a task says of its progress can be read elsewhere while it runs", async ({ huey, another }) => {
  const reader = another();
  const seen: unknown[] = [];
  const work = huey.task("work", { context: true }, async ({ id, progress }) => {
    seen.push(await reader.result(id).progress());
    for (const value of [0.5, { done: 3, of: 4 }]) {
      await progress(value);
      seen.push(await reader.result(id).progress());
    }
  });
  const result = await work();
  await huey.drain();
  assertEquals(seen, [undefined, 0.5, { done: 3, of: 4 }]);
  assertEquals(await result.progress(), { done: 3, of: 4 });
});

onEveryStorage("a task's call options show in its context", async ({ huey, clock }) => {
  const seen: unknown[] = [];
  const work = huey.task("work", { context: true }, ({ task, retries }) => {
    seen.push(task.priority, retries, task.eta);
  });
  const eta = clock.now() + 5_000;
  await work.schedule([], { priority: 4, retries: 7, eta });
  await clock.advance("5s");
  await huey.drain();
  assertEquals(seen, [4, 7, eta]);
});

onEveryStorage("progress that cannot be serialised fails in the task's hands", async ({ huey }) => {
  const work = huey.task("work", { context: true }, async ({ progress }) => {
    await assertRejects(() => progress(() => {}));
    return "went on";
  });
  const result = await work();
  await huey.drain();
  assertEquals(await result.get(), "went on");
});
