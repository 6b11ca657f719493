import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Task } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";

onEveryStorage("counts says how many there are of each", async ({ huey, another, clock }) => {
  const work = huey.task("work", () => {});
  await another().task("unknown", () => {})();
  await work();
  await huey.drain();
  await work.map([[], [], []]);
  await work.schedule([], { delay: "1h" });
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  assertEquals(await huey.counts(), { queued: 2, scheduled: 1, running: 1, dead: 1, results: 2 });
  assertEquals(await another().counts(), await huey.counts());
});

onEveryStorage(
  "pending, scheduled and running give the tasks, as many as asked for",
  async ({ huey, another, clock }) => {
    const work = huey.task("work", (_x: string) => {});
    await work.map([["running"], ["b"], ["c"], ["d"]]);
    await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
    for (const delay of [3, 1, 2]) await work.schedule([`${delay}s`], { delay });
    const looking = another();
    const names = async (tasks: Promise<Task[]>) => (await tasks).map(({ args }) => args[0]);
    assertEquals(await names(looking.pending()), ["b", "c", "d"]);
    assertEquals(await names(looking.pending(2)), ["b", "c"]);
    assertEquals(await names(looking.scheduled()), ["1s", "2s", "3s"]);
    assertEquals(await names(looking.scheduled(1)), ["1s"]);
    assertEquals(await names(looking.running()), ["running"]);
    assertEquals([await looking.pending(0), await looking.running(0)], [[], []]);
  },
);

onEveryStorage("a task that is listed says everything about itself", async ({ huey, another, clock }) => {
  const eta = clock.now() + 60_000;
  const work = huey.task("work", { retries: 3, expires: "1m" }, (_x: number) => {});
  const { id } = await work.schedule([5], { eta, priority: 7, retries: 1 });
  const [task] = await another().scheduled();
  assertInstanceOf(task, Task);
  const { name, args, priority, retries, attempt, expires } = task;
  assertEquals({ id: task.id, name, args, eta: task.eta, priority, retries, attempt, expires }, {
    id,
    name: "work",
    args: [5],
    eta,
    priority: 7,
    retries: 1,
    attempt: 1,
    expires: eta + 60_000,
  });
});

onEveryStorage("listing tasks takes nothing away", async ({ huey }) => {
  let runs = 0;
  await huey.task("work", () => {
    runs++;
  })();
  await huey.pending();
  await huey.drain();
  assertEquals(runs, 1);
});

onEveryStorage("a limit that is none is refused", async ({ huey }) => {
  for (const list of ["pending", "scheduled", "running", "dead"] as const) {
    await assertRejects(() => huey[list](-1), RangeError, "'limit'");
    await assertRejects(() => huey[list](1.5), RangeError, "'limit'");
    await assertRejects(() => huey[list]("5" as never), TypeError, "'limit'");
  }
});

onEveryStorage("flush removes what is named, and nothing else", async ({ huey, another, clock }) => {
  const work = huey.task("work", () => {});
  const fill = async (): Promise<void> => {
    await another().task("unknown", () => {})();
    await work();
    await huey.drain();
    await work();
    await work.schedule([], { delay: "1h" });
    await huey.core.storage.put("locks", "mine", "~", { now: clock.now() });
  };
  const left = async (): Promise<number[]> => {
    const { queued, scheduled, dead, results } = await huey.counts();
    const [lock] = await huey.core.storage.peek("locks", ["mine"], clock.now());
    return [queued, scheduled, results, dead, lock ? 1 : 0];
  };
  await fill();
  assertEquals(await left(), [1, 1, 2, 1, 1]);
  await huey.flush("queue");
  assertEquals(await left(), [0, 1, 2, 1, 1]);
  await huey.flush("schedule");
  assertEquals(await left(), [0, 0, 2, 1, 1]);
  await huey.flush("results");
  assertEquals(await left(), [0, 0, 0, 1, 1]);
  await huey.flush("dead");
  assertEquals(await left(), [0, 0, 0, 0, 1]);
  await huey.flush("locks");
  assertEquals(await left(), [0, 0, 0, 0, 0]);
  await fill();
  await huey.flush();
  assertEquals(await left(), [0, 0, 0, 0, 0]);
  await fill();
  await huey.flush("all");
  assertEquals(await left(), [0, 0, 0, 0, 0]);
});

onEveryStorage("flush refuses what it does not know", async ({ huey }) => {
  await assertRejects(() => Promise.resolve().then(() => huey.flush("everything" as never)), TypeError, '"everything"');
  await assertRejects(() => Promise.resolve().then(() => huey.flush("toString" as never)), TypeError, '"toString"');
});

onEveryStorage("flush forgets revocations, too", async ({ huey }) => {
  const work = huey.task("work", () => {});
  await work.revoke();
  await huey.flush();
  assertEquals(await work.isRevoked(), false);
});

onEveryStorage("a task that runs while everything is flushed leaves no outcome", async ({ huey }) => {
  const finish = Promise.withResolvers<string>();
  const started = Promise.withResolvers<void>();
  const result = await huey.task("work", () => {
    started.resolve();
    return finish.promise;
  })();
  const draining = huey.drain();
  await started.promise;
  await huey.flush();
  finish.resolve("late");
  await draining;
  assertEquals([await result.status(), (await huey.counts()).results], ["unknown", 0]);
});

onEveryStorage("after close the storage is not used any more, and closing twice is fine", async ({ huey, another }) => {
  const work = huey.task("work", () => {});
  await work();
  await huey.close();
  await huey.close();
  await assertRejects(() => work());
  await assertRejects(() => huey.counts());
  assertEquals((await another().counts()).queued, 1);
});
