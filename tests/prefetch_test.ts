import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { Consumer } from "@hq/huey";
import { type Bench, onEveryStorage } from "./bench.ts";
import { afterSomeTime, asTimePasses } from "./eventually.ts";

/** So many tasks that take no time that a consumer has begun to prefetch. */
const MANY = 40;

/** A consumer with one worker, which is at work on a task that takes long, after many that took no time. */
async function behindSlow({ huey, clock, consume }: Bench) {
  const finish = Promise.withResolvers<void>();
  const runs: [n: number, deliveries: number][] = [];
  const quick = huey.task("quick", { context: true }, ({ deliveries }, n: number) => void runs.push([n, deliveries]));
  const slow = huey.task("slow", () => finish.promise);
  const first = await quick.map(Array.from({ length: MANY }, (_, n): [number] => [n]));
  const long = await slow();
  const rest = await quick.map([[100], [101], [102]]);
  const consumer: Consumer = await consume();
  await asTimePasses(clock, first.get({ blocking: true }));
  await afterSomeTime(clock, () => runs.length === MANY);
  return { finish, runs, long, rest, consumer };
}

onEveryStorage(
  "while tasks take no time they are prefetched, so that one request brings several to a single worker",
  async (bench) => {
    const { huey, another, clock, consume } = bench;
    const order: number[] = [];
    huey.task("work", (n: number) => void order.push(n));
    const results = await another().task("work", (_n: number) => {}).map(
      Array.from({ length: 100 }, (_, n): [number] => [n]),
    );
    const before = huey.core.storage.requests;
    await consume();
    await asTimePasses(clock, results.get({ blocking: true }));
    const requests = huey.core.storage.requests - before;
    assert(requests < 70, `100 tasks took ${requests} requests`);
    assertEquals(order, Array.from({ length: 100 }, (_, n) => n));
  },
);

onEveryStorage(
  "a task that takes longer than a request is not prefetched",
  async (bench) => {
    const { huey, clock, consume } = bench;
    const held: number[] = [];
    const work = huey.task("work", async () => {
      held.push((await huey.counts()).running);
      await clock.sleep(5);
    });
    const results = await work.map(Array.from({ length: 30 }, () => []));
    await consume();
    await asTimePasses(clock, results.get({ blocking: true }));
    assertEquals(held, Array.from({ length: 30 }, () => 1));
  },
);

onEveryStorage(
  "what was prefetched before a task took long is given back, and another consumer runs it",
  async (bench) => {
    const { another, clock } = bench;
    const { finish, rest, long } = await behindSlow(bench);
    const other = another();
    const deliveries: number[] = [];
    other.task("quick", { context: true }, (context, _n: number) => void deliveries.push(context.deliveries));
    await bench.consume({}, other);
    await asTimePasses(clock, rest.get({ blocking: true }));
    assertEquals(deliveries, [1, 1, 1]);
    finish.resolve();
    await asTimePasses(clock, long.get({ blocking: true }));
  },
);

onEveryStorage("a consumer that is stopped gives back at once what it has prefetched", async (bench) => {
  const { huey, clock } = bench;
  const { consumer, finish, runs } = await behindSlow(bench);
  const stopped = consumer.stop();
  await afterSomeTime(clock, async () => (await huey.counts()).running === 1);
  assertEquals([(await huey.counts()).queued, runs.length], [3, MANY]);
  finish.resolve();
  await asTimePasses(clock, stopped);
  assertEquals((await huey.counts()).running, 0);
});

onEveryStorage("what is delivered at most once is never prefetched", async (bench) => {
  const { huey, another, clock, consume } = bench;
  huey.task("work", { delivery: "at-most-once" }, () => {});
  const results = await another().task("work", { delivery: "at-most-once" }, () => {}).map(
    Array.from({ length: 100 }, () => []),
  );
  const before = huey.core.storage.requests;
  await consume();
  await asTimePasses(clock, results.get({ blocking: true }));
  assertGreaterOrEqual(huey.core.storage.requests - before, 100);
});
