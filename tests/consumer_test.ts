import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError, type Consumer, Huey } from "@hq/huey";
import { sqlite } from "@hq/huey/sqlite";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

onEveryStorage("a consumer does nothing before it is started", async ({ huey, clock }) => {
  let runs = 0;
  await huey.task("work", () => {
    runs++;
  })();
  huey.createConsumer();
  await clock.advance("1m");
  assertEquals([runs, (await huey.counts()).queued], [0, 1]);
});

onEveryStorage("a consumer runs what was there, and what comes", async ({ huey, clock, consume }) => {
  const work = huey.task("work", (x: number) => x);
  const before = await work(1);
  await consume();
  assertEquals(await asTimePasses(clock, before.get({ blocking: true })), 1);
  const after = await work(2);
  assertEquals(await asTimePasses(clock, after.get({ blocking: true })), 2);
});

onEveryStorage("a consumer wakes up for what another process enqueues", async ({ huey, another, clock, consume }) => {
  huey.task("work", (x: number) => x * 2);
  await consume();
  await clock.advance("5s");
  const result = await another().task("work", (x: number) => x)(4);
  assertEquals(await asTimePasses(clock, result.get({ blocking: true })), 8);
});

onEveryStorage("workers is how many tasks run at once, one if nothing is said", async ({ huey, clock, consume }) => {
  let now = 0;
  let most = 0;
  const work = huey.task("work", async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve));
    now--;
  });
  for (const [workers, expected] of [[undefined, 1], [4, 4]] as const) {
    most = 0;
    const results = [...await work.map(Array.from({ length: 20 }, () => []))];
    const consumer = await consume(workers ? { workers } : {});
    await asTimePasses(clock, Promise.all(results.map((result) => result.get({ blocking: true }))));
    await consumer.stop();
    assertEquals(most, expected);
  }
});

onEveryStorage("a worker that waits in a task does not hold up the others", async ({ huey, clock, consume }) => {
  const finish = Promise.withResolvers<string>();
  const slow = await huey.task("slow", () => finish.promise)();
  const quick = await huey.task("quick", () => "quick")();
  await consume({ workers: 2 });
  assertEquals(await asTimePasses(clock, quick.get({ blocking: true })), "quick");
  finish.resolve("slow");
  assertEquals(await asTimePasses(clock, slow.get({ blocking: true })), "slow");
});

onEveryStorage("a consumer that was stopped takes nothing more", async ({ huey, clock, consume }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  const consumer = await consume();
  await asTimePasses(clock, (await work()).get({ blocking: true }));
  await consumer.stop();
  await work();
  await clock.advance("1m");
  assertEquals([runs, (await huey.counts()).queued], [1, 1]);
});

onEveryStorage("a graceful stop waits for what runs, and takes nothing more", async ({ huey, clock, consume }) => {
  const started = Promise.withResolvers<AbortSignal>();
  const finish = Promise.withResolvers<string>();
  const work = huey.task("work", { context: true }, ({ signal }) => {
    started.resolve(signal);
    return finish.promise;
  });
  const first = await work();
  const second = await work();
  const consumer = await consume();
  const signal = await started.promise;
  let stopped = false;
  const stopping = consumer.stop().then(() => stopped = true);
  await clock.advance("29s");
  assertEquals([stopped, signal.aborted], [false, false]);
  finish.resolve("done");
  await stopping;
  assertEquals([await first.get(), await second.status()], ["done", "queued"]);
});

onEveryStorage("a lease is kept during a graceful stop", async ({ huey, another, clock, consume }) => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<string>();
  const result = await huey.task("work", () => {
    started.resolve();
    return finish.promise;
  })();
  const other = another();
  other.task("work", () => "again");
  const consumer = await consume({ gracePeriod: "1h" });
  await started.promise;
  const stopping = consumer.stop();
  for (let i = 0; i < 5; i++) {
    await clock.advance("10s");
    assertEquals((await other.drain()).executed, 0);
  }
  finish.resolve("done");
  await stopping;
  assertEquals(await result.get(), "done");
});

onEveryStorage(
  "after the grace period what runs is aborted and given back",
  async ({ huey, another, clock, consume }) => {
    const started = Promise.withResolvers<AbortSignal>();
    const result = await huey.task("work", { context: true, retries: 1 }, ({ signal }) => {
      started.resolve(signal);
      return new Promise<never>(() => {});
    })();
    const signals = recordSignals(huey);
    const consumer = await consume({ gracePeriod: "5s" });
    const signal = await started.promise;
    let stopped = false;
    const stopping = consumer.stop().then(() => stopped = true);
    await clock.advance("4999ms");
    assertEquals([stopped, signal.aborted], [false, false]);
    await clock.advance("1ms");
    await stopping;
    assertInstanceOf(signal.reason, Error);
    assertEquals([signals, await result.status()], [["executing", "interrupted"], "queued"]);

    const other = another();
    const seen: number[][] = [];
    other.task("work", { context: true, retries: 1 }, ({ attempt, deliveries, retries }) => {
      seen.push([attempt, deliveries, retries]);
    });
    await other.drain();
    assertEquals(seen, [[1, 1, 1]]);
  },
);

onEveryStorage("a stop that is not graceful gives back at once", async ({ huey, consume }) => {
  const started = Promise.withResolvers<AbortSignal>();
  const result = await huey.task("work", { context: true }, ({ signal }) => {
    started.resolve(signal);
    return new Promise<never>(() => {});
  })();
  const consumer = await consume();
  const signal = await started.promise;
  await consumer.stop({ graceful: false });
  assertEquals([signal.aborted, await result.status()], [true, "queued"]);
});

onEveryStorage("a second stop cuts the grace period of the first short", async ({ huey, consume }) => {
  const started = Promise.withResolvers<void>();
  const result = await huey.task("work", () => {
    started.resolve();
    return new Promise<never>(() => {});
  })();
  const consumer = await consume();
  await started.promise;
  const first = consumer.stop();
  await consumer.stop({ graceful: false });
  await first;
  assertEquals(await result.status(), "queued");
});

onEveryStorage(
  "a task that is aborted at a shutdown and ends all the same is given back",
  async ({ huey, consume }) => {
    const started = Promise.withResolvers<void>();
    const result = await huey.task("work", { context: true, retries: 5 }, ({ signal }) => {
      started.resolve();
      return new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    })();
    const consumer = await consume();
    await started.promise;
    await consumer.stop({ graceful: false });
    const [task] = await huey.pending();
    assertEquals([task.id, task.attempt, task.retries], [result.id, 1, 5]);
  },
);

onEveryStorage(
  "a task delivered at most once is not given back at a shutdown, but is a dead letter",
  async ({ huey, consume }) => {
    const started = Promise.withResolvers<void>();
    const result = await huey.task("work", { delivery: "at-most-once" }, () => {
      started.resolve();
      return new Promise<never>(() => {});
    })();
    const consumer = await consume();
    await started.promise;
    await consumer.stop({ graceful: false });
    assertEquals([await result.status(), (await huey.counts()).queued], ["error", 0]);
  },
);

onEveryStorage("run resolves when the consumer was stopped", async ({ huey, clock }) => {
  const consumer = huey.createConsumer();
  let ended = false;
  const running = consumer.run().then(() => ended = true);
  const result = await huey.task("work", () => "done")();
  await asTimePasses(clock, result.get({ blocking: true }));
  assertEquals(ended, false);
  await consumer.stop();
  await running;
});

onEveryStorage("await using stops a consumer", async ({ huey }) => {
  const consumer = huey.createConsumer();
  const running = consumer.run();
  // What the syntax does at the end of a scope; Node 22 cannot read the syntax itself.
  await consumer[Symbol.asyncDispose]();
  await running;
  const result = await huey.task("work", () => "done")();
  assertEquals(await result.status(), "queued");
});

onEveryStorage("a consumer that was never started can be stopped", async ({ huey }) => {
  await huey.createConsumer().stop();
});

onEveryStorage("a consumer is started once", async ({ consume }) => {
  const consumer = await consume();
  await assertRejects(() => consumer.start(), ConfigurationError, "twice");
});

onEveryStorage("a consumer that was stopped while it started runs nothing", async ({ huey, clock }) => {
  let runs = 0;
  await huey.task("work", () => {
    runs++;
  })();
  const hook = Promise.withResolvers<void>();
  huey.onStartup(() => hook.promise);
  const consumer = huey.createConsumer();
  const running = consumer.run();
  const stopping = consumer.stop();
  hook.resolve();
  await asTimePasses(clock, Promise.all([running, stopping]));
  assertEquals([runs, (await huey.counts()).queued], [0, 1]);
});

onEveryStorage("two consumers of one process share the work", async ({ huey, clock, consume }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  const results = [...await work.map(Array.from({ length: 50 }, () => []))];
  const consumers: Consumer[] = [await consume({ workers: 3 }), await consume({ workers: 3 })];
  await asTimePasses(clock, Promise.all(results.map((result) => result.get({ blocking: true }))));
  assertEquals(runs, 50);
  await consumers[0].stop();
  const more = await huey.task("more", () => "done")();
  assertEquals(await asTimePasses(clock, more.get({ blocking: true })), "done");
});

onEveryStorage("an idle consumer sends few requests", async ({ huey, clock, consume }) => {
  huey.task("work", () => {});
  await consume({ workers: 4 });
  for (let minute = 1; minute <= 10; minute++) {
    const before = huey.core.storage.requests;
    await clock.advance("1m");
    const sent = huey.core.storage.requests - before;
    assert(sent <= 10, `${sent} requests in minute ${minute}`);
  }
});

onEveryStorage("flushLocks releases all locks at the start, and nothing else", async ({ huey, clock, consume }) => {
  const { storage } = huey.core;
  await storage.put("locks", "mine", "~", { now: clock.now() });
  await huey.put("mine", 1);
  await (await consume()).stop();
  assertEquals(await storage.peek("locks", ["mine"], clock.now()), ["~"]);
  await consume({ flushLocks: true });
  assertEquals([await storage.peek("locks", ["mine"], clock.now()), await huey.get("mine")], [[undefined], 1]);
});

onEveryStorage("workers of a kind that there is not are refused", async ({ huey }) => {
  assertThrows(() => huey.createConsumer({ kind: "fiber" as never }), ConfigurationError, "fiber");
  for (const option of ["concurrency", "maxMemory", "modules"] as const) {
    assertThrows(() => huey.createConsumer({ [option]: 1 }), ConfigurationError, `without concurrency`);
  }
  for (const option of ["workers", "maxTasks"] as const) {
    for (const kind of ["async", "thread", "process"] as const) {
      assertThrows(() => huey.createConsumer({ kind, [option]: 0 }), RangeError, option);
    }
  }
  await Promise.resolve();
});

test("threads and processes are refused on a storage that only this thread sees", async () => {
  for (const storage of [undefined, sqlite(":memory:")]) {
    for (const kind of ["thread", "process"] as const) {
      const huey = new Huey("tests", { storage });
      await assertRejects(
        () => huey.createConsumer({ kind }).start(),
        ConfigurationError,
        "that only this thread sees",
      );
    }
  }
});

onEveryStorage(
  "closing while a consumer runs in another instance leaves that one alone",
  async ({ huey, another, clock, consume }) => {
    huey.task("work", () => "done");
    const caller = another();
    const result = await caller.task("work", () => "done")();
    await caller.close();
    await consume();
    assertEquals(await asTimePasses(clock, huey.result(result.id).get({ blocking: true })), "done");
  },
);
