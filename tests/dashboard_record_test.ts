import { test } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { Huey, json, memory, RetryTask, Task, TaskException } from "@hq/huey";
import { dashboard, recordHistory } from "@hq/huey/dashboard";
import { sqlite } from "@hq/huey/sqlite";
import { TestClock } from "@hq/huey/testing";
import { onEveryStorage } from "./bench.ts";
import { afterSomeTime, eventually } from "./eventually.ts";
import { inSandbox } from "./sandbox.ts";

async function pageOf(huey: Huey, path: string): Promise<string> {
  return await (await dashboard(huey, { auth: "none" }).fetch(new Request(`http://shop.test${path}`))).text();
}

async function entriesOf({ core }: Huey, space: "workers" | "history"): Promise<[string, string][]> {
  return await core.storage.entries(space, core.storageTime());
}

onEveryStorage("what a drain runs is recorded without a request more", async ({ another }) => {
  const requests: number[] = [];
  for (const recorded of [false, true]) {
    const huey = another();
    if (recorded) recordHistory(huey);
    const work = huey.task("work", (n: number) => n);
    huey.task("fail", { retries: 1 }, () => {
      throw new Error("no");
    });
    await huey.drain();
    const before = huey.core.storage.requests;
    await work.map([[1], [2], [3]]);
    await huey.drain();
    requests.push(huey.core.storage.requests - before);
  }
  assertEquals(requests[1], requests[0]);
});

onEveryStorage("each attempt is recorded with its end, its times and its error", async ({ huey, another, clock }) => {
  recordHistory(huey, { worker: "eu-1" });
  const fail = huey.task("fail", { retries: 1, retryDelay: "10s" }, (_n: number) => {
    throw new RangeError("too much");
  });
  await fail(4);
  await huey.drain();
  await clock.advance("10s");
  await huey.drain();
  await huey.task("fine", () => "good")();
  await huey.drain();
  const page = await pageOf(another(), "/tasks?state=finished");
  assertEquals([...page.matchAll(/badge (\w+)">(\w+)/g)].map(([, , word]) => word), [
    "complete",
    "error",
    "error",
    "retrying",
  ]);
  assert(page.includes("RangeError: too much"));
  assert(page.includes("eu-1"));
  const day = await pageOf(another(), "/?range=day");
  assert(day.includes("1 complete, 1 retried, 1 failed"), "the counts of the day");
});

onEveryStorage("a consumer says that it is there, and, once it was stopped, that it is not", async (bench) => {
  const { huey, another, clock } = bench;
  recordHistory(huey, { worker: "eu-1" });
  huey.task("slow", () => clock.sleep(3_600_000));
  const consumer = huey.createConsumer({ workers: 2 });
  await consumer.start();
  await huey.enqueue(huey.core.registry.list().map(({ name, settings }) => taskOf(huey, name, settings)));
  await afterSomeTime(clock, async () => /1 of 2/.test(await pageOf(another(), "/workers")));
  const stopped = consumer.stop({ graceful: false });
  await afterSomeTime(clock, async () => /stopped/.test(await pageOf(another(), "/workers")));
  await stopped;
});

test("a consumer that has nothing to do sends three requests a minute more", async () => {
  const clock = new TestClock();
  const requests: number[] = [];
  for (const recorded of [false, true]) {
    const huey = new Huey("idle", { clock });
    if (recorded) recordHistory(huey);
    huey.task("work", () => {});
    const consumer = huey.createConsumer();
    await consumer.start();
    await clock.advance("5m");
    const before = huey.core.storage.requests;
    await clock.advance("10m");
    requests.push(huey.core.storage.requests - before);
    await consumer.stop();
  }
  assertLessOrEqual(requests[1] - requests[0], 31);
  assertLessOrEqual(requests[1], 100);
});

test("a busy consumer writes its history at most every two seconds", async () => {
  const clock = new TestClock();
  const huey = new Huey("busy", { clock });
  recordHistory(huey);
  const work = huey.task("work", () => {});
  const consumer = huey.createConsumer({ workers: 4 });
  await consumer.start();
  let written = 0;
  const { storage } = huey.core;
  const seen = { value: "" };
  for (let i = 0; i < 100; i++) {
    await work.map([[], []]);
    await clock.advance("100ms");
    const [[, text]] = (await storage.entries("workers", clock.now())).filter(([key]) => !key.includes("/"));
    if (text !== seen.value) written++;
    seen.value = text;
  }
  assertLessOrEqual(written, 7);
  await clock.advance("5s");
  const page = await pageOf(huey, "/");
  assert(/200 complete|<strong class="">200/.test(page), "all of it is written a little later");
  await consumer.stop();
});

test("the history of a process never takes more keys than its limit allows", async () => {
  const huey = new Huey("bounded", { clock: new TestClock() });
  recordHistory(huey, { limit: 100 });
  const work = huey.task("work", (n: number) => n);
  for (let round = 0; round < 12; round++) {
    await work.map(Array.from({ length: 50 }, (_, i): [number] => [round * 50 + i]));
    await huey.drain();
  }
  const entries = await entriesOf(huey, "history");
  assertEquals(entries.length, 4);
  const page = await pageOf(huey, "/tasks?state=finished");
  assert(page.includes('<code class="args" title="599">599</code>'), "the last one is there");
  assert(!page.includes('title="400"'), "an old one is not");
});

test("a burst of large errors is written within bounds, the last ones of it", async () => {
  const huey = new Huey("burst", { clock: new TestClock() });
  recordHistory(huey);
  const fail = huey.task("fail", (n: number) => {
    throw Object.assign(new Error(`${n} ${"x".repeat(50_000)}`), { stack: "y".repeat(50_000) });
  });
  await fail.map(Array.from({ length: 900 }, (_, i): [number] => [i]));
  await huey.drain({ maxTasks: 1_000, concurrency: 900 });
  const sizes = (await entriesOf(huey, "history")).map(([, text]) => text.length);
  assertLessOrEqual(sizes.reduce((sum, size) => sum + size, 0), 256_000);
  assert((await pageOf(huey, "/tasks?state=failed")).includes("Error: 899 xxx"));
});

test("the history is gone a day after the last attempt", async () => {
  const clock = new TestClock();
  const huey = new Huey("old", { clock });
  recordHistory(huey);
  await huey.task("work", () => {})();
  await huey.drain();
  assertEquals((await entriesOf(huey, "history")).length, 1);
  await clock.advance("24h");
  assertEquals([await entriesOf(huey, "history"), await entriesOf(huey, "workers")], [[], []]);
});

test("an end that the storage refuses is not recorded", async () => {
  const clock = new TestClock();
  const huey = new Huey("late", { clock, lease: "10s" });
  recordHistory(huey);
  const work = huey.task("work", { context: true }, async ({ deliveries }) => {
    // The first hand-out is away for so long that another one has it by now.
    if (deliveries > 1) return "second";
    const { storage } = huey.core;
    await storage.exchange({ now: clock.now() + 60_000, claim: { limit: 0, lease: 1 } });
    const { deliveries: [again] } = await storage.exchange({
      now: clock.now() + 60_000,
      claim: { limit: 1, lease: 1 },
    });
    assert(again);
    return "first";
  });
  const result = await work();
  await huey.drain();
  await clock.advance("2m");
  await huey.drain();
  assertEquals(await result.get(), "second");
  assertEquals((await pageOf(huey, "/tasks?state=finished")).match(/badge good/g)?.length, 1);
});

test("arguments that cannot be kept are left out, and the rest is recorded", async () => {
  const huey = new Huey("odd", { serializer: json(), clock: new TestClock() });
  recordHistory(huey);
  const seen: unknown[] = [];
  const work = huey.task("work", (bag: Record<string, unknown>) => {
    seen.push(bag);
    bag.self = bag; // what it was given is changed to what JSON cannot take
  });
  await work({ a: 1 });
  await huey.task("large", (_text: string) => {})("x".repeat(5_000));
  await huey.drain();
  const page = await pageOf(huey, "/tasks?state=finished");
  assert(page.includes(">work</a>") && page.includes(">large</a>"));
  assert(!page.includes("xxxxx"));
});

test("a history is not recorded any more once it was ended, and arguments are not where they are not wanted", async () => {
  const huey = new Huey("ended", { clock: new TestClock() });
  const end = recordHistory(huey, { args: false });
  const work = huey.task("work", (_secret: string) => {});
  await work("confidential");
  await huey.drain();
  end();
  await work("later");
  await huey.drain();
  const page = await pageOf(huey, "/tasks?state=finished");
  assertEquals(page.match(/badge good/g)?.length, 1);
  assert(!(await entriesOf(huey, "history")).some(([, text]) => text.includes("confidential")));
});

test("several processes record side by side, and one page shows them all", async () => {
  const storage = memory();
  const clock = new TestClock();
  const hueys = ["a", "b", "c"].map((worker) => {
    const huey = new Huey("many", { storage, clock });
    recordHistory(huey, { worker });
    huey.task("work", () => {});
    return huey;
  });
  for (const huey of hueys) {
    await huey.enqueue([taskOf(huey, "work", huey.core.registry.get("work")!.settings)]);
    await huey.drain();
  }
  const page = await pageOf(hueys[0], "/tasks?state=finished");
  for (const worker of ["a", "b", "c"]) assert(page.includes(`>${worker}</td>`), worker);
  assert((await pageOf(hueys[0], "/")).includes("3 complete, 0 retried, 0 failed"));
});

test("a retry that a task asks for is recorded as one", async () => {
  const huey = new Huey("again", { clock: new TestClock() });
  recordHistory(huey);
  await huey.task("work", { context: true }, ({ attempt }) => {
    if (attempt === 1) throw new RetryTask();
  })();
  await huey.drain();
  await eventually(async () => /badge good/.test(await pageOf(huey, "/tasks?state=finished")));
  assert(/badge warn">retrying/.test(await pageOf(huey, "/tasks?state=finished")));
});

test("options of a history that cannot be are refused", () => {
  const huey = new Huey("refused");
  assertThrows(() => recordHistory(huey, { worker: "" }), TypeError, "'worker'");
  assertThrows(() => recordHistory(huey, { limit: -1 }), RangeError, "'limit'");
  assertThrows(() => recordHistory(huey, { limit: 1.5 }), RangeError, "1.5");
});

function taskOf(huey: Huey, name: string, settings: ConstructorParameters<typeof Task>[0]["settings"]): Task<[]> {
  return new Task<[]>({ id: huey.core.newId(), name, args: [], settings, changes: {} });
}

for (const kind of ["thread", "process"]) {
  test(`what a ${kind} of a consumer runs is recorded by it`, async () => {
    await inSandbox(async (sandbox) => {
      const consumer = sandbox.cli("consume", "tests/fixtures/recorded_app.ts", "-k", kind, "-w", "1");
      await consumer.wrote("Consumer of recorded started");
      const huey = new Huey("recorded", { storage: sqlite(`${sandbox.folder}/huey.db`) });
      const fail = await huey.task("fail", () => {})();
      await (await huey.task("work", (n: number) => n)(1)).get({ blocking: true, timeout: "20s" });
      await assertRejects(() => fail.get({ blocking: true, timeout: "20s" }), TaskException);
      await eventually(async () => /badge busy">running/.test(await pageOf(huey, "/workers")));
      const pages = async () => await pageOf(huey, "/tasks?state=finished") + await pageOf(huey, `/tasks/${fail.id}`);
      for (const part of ['title="1"', "thrown elsewhere", "pooled"]) {
        await eventually(async () => (await pages()).includes(part));
      }
      consumer.kill("SIGTERM");
      assertEquals(await consumer.ended, 0);
      assert(/>stopped</.test(await pageOf(huey, "/workers")));
      await huey.close();
    });
  });
}
