/** What happens when the storage cannot be reached for a while, or its answers are lost. */
import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import type { Huey } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { afterSomeTime, asTimePasses, eventually } from "./eventually.ts";
import { Random } from "./random.ts";
import { recordSignals } from "./record_signals.ts";

type Exchange = Huey["core"]["storage"]["exchange"];

/** Takes the place of an instance's way to its storage; gives the way back. */
function intercept(huey: Huey, replace: (exchange: Exchange) => Exchange): () => void {
  const { storage } = huey.core;
  const original = storage.exchange;
  storage.exchange = replace((exchange) => original.call(storage, exchange));
  return () => storage.exchange = original;
}

function unreachable(): Promise<never> {
  return Promise.reject(new Error("unreachable"));
}

onEveryStorage(
  "a consumer that cannot reach its storage goes on when it can",
  async ({ huey, another, clock, consume }) => {
    huey.task("work", (x: number) => x);
    const restore = intercept(huey, () => unreachable);
    await consume();
    const result = await another().task("work", (x: number) => x)(5);
    await clock.advance("5m");
    assertEquals(await result.status(), "queued");
    restore();
    assertEquals(await asTimePasses(clock, result.get({ blocking: true })), 5);
  },
);

onEveryStorage("a consumer whose storage is down asks less and less often", async ({ huey, clock, consume }) => {
  let asked = 0;
  intercept(huey, () => () => {
    asked++;
    return unreachable();
  });
  await consume({ workers: 5 });
  await clock.advance("10m");
  assertGreater(asked, 5);
  assertEquals(asked < 10 * 10 + 20, true, `it asked ${asked} times in ten minutes`);
});

onEveryStorage("a consumer can be stopped while its storage is down", async ({ huey, clock, consume }) => {
  const restore = intercept(huey, () => unreachable);
  const consumer = await consume();
  await clock.advance("1m");
  await asTimePasses(clock, consumer.stop());
  restore();
});

onEveryStorage(
  "what was done while the storage was down is settled when it is back",
  async ({ huey, clock, consume }) => {
    let runs = 0;
    const finish = Promise.withResolvers<void>();
    const result = await huey.task("work", async () => {
      await finish.promise;
      return ++runs;
    })();
    const signals = recordSignals(huey);
    await consume();
    await eventually(async () => await result.status() === "running");
    const restore = intercept(huey, () => unreachable);
    finish.resolve();
    await clock.advance("5s");
    assertEquals([signals, await result.isReady()], [["executing"], false]);
    restore();
    assertEquals(await asTimePasses(clock, result.get({ blocking: true })), 1);
    await eventually(() => signals.length === 2);
    assertEquals([runs, signals], [1, ["executing", "complete"]]);
  },
);

onEveryStorage(
  "nothing is lost and nothing is doubled when every third request fails",
  async ({ huey, clock, consume }) => {
    const ran = new Map<number, number>();
    const work = huey.task("work", { context: true, retries: 1 }, ({ attempt }, i: number) => {
      ran.set(i, (ran.get(i) ?? 0) + 1);
      if (i % 5 === 0 && attempt === 1) throw new Error("no");
    });
    await work.map(Array.from({ length: 60 }, (_, i) => [i]));
    let count = 0;
    intercept(huey, (exchange) => (request) => ++count % 3 === 0 ? unreachable() : exchange(request));
    await consume({ workers: 4 });
    await afterSomeTime(clock, async () => (await huey.counts()).results === 60);
    assertEquals([...ran].filter(([i, runs]) => runs !== (i % 5 === 0 ? 2 : 1)), []);
    assertEquals(ran.size, 60);
  },
);

onEveryStorage("nothing is lost and nothing is doubled when answers are lost", async ({ huey, clock, consume }) => {
  const ended = new Map<string, number>();
  huey.signal(["complete", "error"], (_signal, task) => {
    ended.set(task.id, (ended.get(task.id) ?? 0) + 1);
  });
  const next = huey.task("next", () => {});
  const work = huey.task("work", async (i: number) => {
    await Promise.resolve();
    if (i % 7 === 0) throw new Error("no");
  });
  await work.map(Array.from({ length: 40 }, (_, i) => [i]));
  // By chance, not each fourth one: requests that come in turns of four would lose the same one for ever.
  const random = new Random(40);
  const restore = intercept(huey, (exchange) => async (request) => {
    const answer = await exchange(request);
    return random.chance(0.25) ? await unreachable() : answer;
  });
  await consume({ workers: 3 });
  await afterSomeTime(clock, async () => (await huey.counts()).results === 40);
  restore();
  const last = await next();
  await asTimePasses(clock, last.get({ blocking: true }));
  const { queued, running, dead } = await huey.counts();
  assertEquals({ queued, running, dead }, { queued: 0, running: 0, dead: 0 });
  assertEquals([...ended.values()].filter((times) => times !== 1), []);
}, { maxDeliveries: 50 });

onEveryStorage(
  "a call whose storage is down rejects, and so do the calls that shared its request",
  async ({ huey }) => {
    const work = huey.task("work", () => {});
    const restore = intercept(huey, () => unreachable);
    await Promise.all([work(), work()].map((call) => assertRejects(() => call, Error, "unreachable")));
    restore();
    await work();
    assertEquals((await huey.counts()).queued, 1);
  },
);

onEveryStorage("renewals that fail for a while do not end a task", async ({ huey, clock }) => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<string>();
  const result = await huey.task("work", () => {
    started.resolve();
    return finish.promise;
  })();
  const { renew } = huey.core.storage;
  huey.core.storage.renew = unreachable;
  const draining = huey.drain({ budget: "1h" });
  await started.promise;
  await clock.advance("8s");
  huey.core.storage.renew = renew;
  await clock.advance("1m");
  finish.resolve("done");
  await draining;
  assertEquals(await result.get(), "done");
});

onEveryStorage(
  "an outcome that the storage can never take makes a dead letter, and the others are settled",
  async ({ huey, clock, consume }) => {
    const tooLarge = "x".repeat(10_000);
    intercept(huey, (exchange) => (request) => {
      const size = JSON.stringify(request).length;
      return size > 10_000 ? Promise.reject(new RangeError("A value is too large")) : exchange(request);
    });
    const work = huey.task("work", (large: boolean) => large ? tooLarge : "fits");
    const results = [...await work.map([[false], [true], [false]])];
    await consume({ workers: 3 });
    const read = await asTimePasses(
      clock,
      Promise.all(
        results.map((result) => result.get({ blocking: true }).catch((error) => error.metadata.error)),
      ),
    );
    assertEquals(read, ["fits", "RangeError: A value is too large", "fits"]);
    assertEquals((await huey.dead()).map(({ reason }) => reason), ["its outcome cannot be stored"]);
  },
);

onEveryStorage("a periodic slot that could not be offered is offered later", async ({ huey, clock, consume }) => {
  const slots: number[] = [];
  const schedule = { next: (after: number) => Math.floor(after / 60_000) * 60_000 + 60_000 };
  huey.periodicTask("tick", schedule, { context: true }, ({ task }) => {
    slots.push(task.eta! - start);
  });
  const start = clock.now();
  await clock.advance("30s");
  await consume();
  await eventually(() => slots.length === 1);
  slots.length = 0;
  const restore = intercept(huey, () => unreachable);
  await clock.advance("45s");
  restore();
  await afterSomeTime(clock, () => slots.length === 1);
  assertEquals(slots, [60_000]);
});
