import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Huey, TaskException } from "@hq/huey";
import type { TestClock } from "@hq/huey/testing";
import { type Bench, onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

/** A worker that takes everything and is never heard of again; its leases lapse. */
async function dyingWorker(huey: Huey): Promise<number> {
  const clock = huey.core.clock as TestClock;
  const claim = { limit: 100, lease: 10_000 };
  const { deliveries } = await huey.core.storage.exchange({ now: clock.now(), claim });
  await clock.advance("10s");
  return deliveries.length;
}

onEveryStorage("a task whose worker died is run by another when the lease has lapsed", async ({ huey, clock }) => {
  const result = await huey.task("work", () => "done")();
  const claim = { limit: 1, lease: 10_000 };
  await huey.core.storage.exchange({ now: clock.now(), claim });
  await clock.advance("9999ms");
  assertEquals((await huey.drain()).executed, 0);
  await clock.advance("1ms");
  const signals = recordSignals(huey);
  const report = await huey.drain();
  assertEquals([report.recovered, report.executed, await result.get()], [1, 1, "done"]);
  assertEquals(signals, ["redelivered", "executing", "complete"]);
});

onEveryStorage("a lease is as long as the instance says", async ({ huey, clock }) => {
  const started = Promise.withResolvers<void>();
  await huey.task("hang", { context: true }, ({ signal }) => {
    started.resolve();
    return new Promise<never>((_, reject) => signal.addEventListener("abort", reject));
  })();
  const draining = huey.drain({ budget: "2m" });
  await started.promise;
  const { next } = await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 0, lease: 1 } });
  assertEquals(next, clock.now() + 60_000);
  await asTimePasses(clock, draining);
}, { lease: "1m" });

onEveryStorage("a message that kills its workers becomes a dead letter", async ({ huey }) => {
  let runs = 0;
  const result = await huey.task("work", () => {
    runs++;
  })();
  for (let i = 0; i < 3; i++) assertEquals(await dyingWorker(huey), 1);
  const signals = recordSignals(huey);
  await huey.drain();
  assertEquals([runs, await dyingWorker(huey), signals], [0, 0, ["redelivered", "dead"]]);
  await assertRejects(() => result.get({ blocking: true }), TaskException, "3 times");
  const [dead] = await huey.dead();
  assertEquals([dead.id, dead.name, await result.status()], [result.id, "work", "error"]);
  assertStringIncludes(dead.reason, "3 times");
});

onEveryStorage("the third of three deliveries still runs", async ({ huey }) => {
  const result = await huey.task("work", { context: true }, ({ deliveries }) => deliveries)();
  for (let i = 0; i < 2; i++) await dyingWorker(huey);
  await huey.drain();
  assertEquals(await result.get(), 3);
});

onEveryStorage("maxDeliveries says how often a message is handed out", async ({ huey }) => {
  const result = await huey.task("work", () => {})();
  await dyingWorker(huey);
  await huey.drain();
  assertEquals([await result.status(), (await huey.dead()).length], ["error", 1]);
}, { maxDeliveries: 1 });

onEveryStorage("deliveries are counted anew after a retry", async ({ huey }) => {
  const work = huey.task("work", { context: true, retries: 1 }, ({ attempt, deliveries }) => {
    if (attempt === 1) throw new Error("no");
    return deliveries;
  });
  const result = await work();
  for (let i = 0; i < 2; i++) await dyingWorker(huey);
  await huey.drain({ maxTasks: 1 });
  for (let i = 0; i < 2; i++) await dyingWorker(huey);
  await huey.drain();
  assertEquals(await result.get(), 3);
});

onEveryStorage("a dead worker costs no retry", async ({ huey }) => {
  const work = huey.task("work", { context: true, retries: 2 }, ({ attempt, retries }) => [attempt, retries]);
  const result = await work();
  await dyingWorker(huey);
  await huey.drain();
  assertEquals(await result.get(), [1, 2]);
});

onEveryStorage("a task that is delivered at most once is not run after its worker died", async ({ huey }) => {
  let runs = 0;
  const result = await huey.task("work", { delivery: "at-most-once" }, () => {
    runs++;
  })();
  await dyingWorker(huey);
  await huey.drain();
  assertEquals(runs, 0);
  await assertRejects(() => result.get({ blocking: true }), TaskException, "at most once");
  assertEquals((await huey.counts()).dead, 1);
});

onEveryStorage("the instance says how its tasks are delivered, and a task may say otherwise", async ({ huey }) => {
  const once = await huey.task("once", () => "done")();
  const often = await huey.task("often", { delivery: "at-least-once" }, () => "done")();
  await dyingWorker(huey);
  await huey.drain();
  assertEquals([await once.status(), await often.get()], ["error", "done"]);
}, { delivery: "at-most-once" });

onEveryStorage("a task that is delivered at most once is still retried after a failure", async ({ huey }) => {
  const options = { delivery: "at-most-once", retries: 1, context: true } as const;
  const result = await huey.task("work", options, ({ attempt }) => {
    if (attempt === 1) throw new Error("no");
    return attempt;
  })();
  await huey.drain();
  assertEquals(await result.get(), 2);
});

/** One task, run by a worker that is cut off from its storage, and then by another; the first comes to an end after that. */
async function takenOver({ huey, another, clock }: Bench, end: () => string) {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const first = huey.task("work", { retries: 1 }, () => {
    begun.resolve();
    return over.promise.then(end);
  });
  const rescuer = another();
  rescuer.task("work", { retries: 1 }, () => "second");
  const result = await first();
  const signals = [recordSignals(huey), recordSignals(rescuer)];

  huey.core.storage.renew = () => Promise.reject(new Error("unreachable"));
  const draining = huey.drain({ budget: "1h" });
  await begun.promise;
  await clock.advance("11s");
  await rescuer.drain();
  over.resolve();
  const report = await asTimePasses(clock, draining);
  return { result, signals, report };
}

onEveryStorage("what a worker brings after its lease was lost is refused", async (bench) => {
  const { result, signals, report } = await takenOver(bench, () => "first");
  assertEquals(await result.get(), "second");
  assertEquals(signals, [["executing"], ["redelivered", "executing", "complete"]]);
  assertEquals([report.executed, report.failed, report.retried, report.released], [1, 0, 0, 0]);
});

onEveryStorage("a failure after the lease was lost is neither an outcome nor a retry", async (bench) => {
  const { result, signals, report } = await takenOver(bench, () => {
    throw new Error("late");
  });
  assertEquals([await result.get(), (await bench.huey.counts()).queued], ["second", 0]);
  assertEquals([signals[0], report.failed, report.retried], [["executing"], 0, 0]);
});

onEveryStorage("a value that cannot be serialised after the lease was lost buries nothing", async (bench) => {
  const { result, signals } = await takenOver(bench, () => (() => {}) as never);
  assertEquals([await result.get(), signals[0], (await bench.huey.counts()).dead], ["second", ["executing"], 0]);
});

onEveryStorage("a task whose lease was lost is aborted at the next renewal", async ({ huey, another, clock }) => {
  const begun = Promise.withResolvers<AbortSignal>();
  const work = huey.task("work", { context: true }, ({ signal }) => {
    begun.resolve(signal);
    return new Promise<never>(() => {});
  });
  const rescuer = another();
  rescuer.task("work", () => "second");
  const result = await work();
  const { renew } = huey.core.storage;
  huey.core.storage.renew = () => Promise.reject(new Error("unreachable"));
  const draining = huey.drain({ budget: "1h" });
  const signal = await begun.promise;
  await clock.advance("11s");
  await rescuer.drain();
  assertEquals(signal.aborted, false);
  huey.core.storage.renew = renew;
  await asTimePasses(clock, draining);
  assert(signal.aborted);
  assertEquals(await result.get(), "second");
});

onEveryStorage(
  "a lease that lapsed is still its holder's while nobody has taken the task over",
  async ({ huey, clock }) => {
    const begun = Promise.withResolvers<void>();
    const over = Promise.withResolvers<string>();
    const result = await huey.task("work", () => {
      begun.resolve();
      return over.promise;
    })();
    huey.core.storage.renew = () => Promise.reject(new Error("unreachable"));
    const draining = huey.drain({ budget: "1h" });
    await begun.promise;
    await clock.advance("1m");
    over.resolve("late, and still first");
    await draining;
    assertEquals(await result.get(), "late, and still first");
  },
);

onEveryStorage("two processes share the work, and each task runs once", async ({ huey, another, consume }) => {
  const ran = new Map<number, number>();
  const body = (i: number): void => {
    ran.set(i, (ran.get(i) ?? 0) + 1);
  };
  const work = huey.task("work", body);
  const other = another();
  other.task("work", body);
  await work.map(Array.from({ length: 500 }, (_, i) => [i]));
  await Promise.all([consume({ workers: 4 }), consume({ workers: 4 }, other)]);
  await eventually(async () => (await huey.counts()).results === 500);
  assertEquals([ran.size, [...ran.values()].every((count) => count === 1)], [500, true]);
});
