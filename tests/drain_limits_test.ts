/** What a drain may cost, counted at a server that answers as Upstash does. */
import { after, before, test } from "node:test";
import { assert, assertEquals, assertLess, assertLessOrEqual, assertRejects } from "@std/assert";
import { Huey, type HueyOptions, memory, RetryTask, type Storage } from "@hq/huey";
import { TestClock } from "@hq/huey/testing";
import { upstash } from "@hq/huey/upstash";
import { asTimePasses } from "./eventually.ts";
import { type HttpListener, listen } from "./http_listener.ts";
import { Random } from "./random.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";
import { RespClient } from "./resp_client.ts";
import { inSandbox } from "./sandbox.ts";
import { ownShare } from "./shares.ts";
import { UpstashServer } from "./upstash_server.ts";

const token = "a-token";
let redis: RedisServer;
let server: UpstashServer;
let listener: HttpListener;
let redisClient: RespClient;

before(async () => {
  redis = await startRedis();
  server = new UpstashServer({ redis, token });
  listener = await listen(server.fetch);
  redisClient = new RespClient(redis);
});

after(async () => {
  await listener.close();
  server.close();
  redisClient.close();
  await redis.stop();
});

function create(options?: HueyOptions): Huey {
  return new Huey(crypto.randomUUID(), { storage: upstash({ url: listener.url, token }), ...options });
}

/** Tasks that end in every way. */
function defineAll(huey: Huey, random: Random): (() => Promise<unknown>)[] {
  const pause = () => new Promise((resolve) => setTimeout(resolve, random.below(20)));
  return [
    huey.task("quick", () => {}),
    huey.task("slow", pause),
    huey.task("fail", async () => {
      await pause();
      throw new Error("no");
    }),
    huey.task("retry", { retries: 3 }, async () => {
      await pause();
      throw new RetryTask();
    }),
    huey.task("hang", { timeout: "10ms", retries: 1 }, () => new Promise<never>(() => {})),
  ];
}

/** And some that send requests themselves. */
function defineCostly(huey: Huey, random: Random): (() => Promise<unknown>)[] {
  const tasks = defineAll(huey, random);
  const put = huey.task("put", async () => {
    await huey.put("key", 1);
    await huey.get("key");
    return await huey.counts();
  });
  const enqueue = huey.task("enqueue", async () => {
    await random.pick(tasks)();
    await put();
  });
  return [...tasks, put, enqueue];
}

for (const [what, define] of [["end", defineAll], ["end and ask", defineCostly]] as const) {
  for (const concurrency of [1, 10, 60]) {
    test(`a drain of ${concurrency} at once keeps within maxRequests, however its tasks ${what}`, async () => {
      for (const seed of ownShare([0, 1, 2, 3, 4, 5])) {
        const random = new Random(seed);
        const huey = create();
        const tasks = define(huey, random);
        for (let i = 0; i < 60; i++) await random.pick(tasks)();
        // Whoever runs a script that the server does not have needs two requests.
        await redisClient.send(["SCRIPT", "FLUSH"]);
        const { requests } = server;
        const report = await huey.drain({ maxRequests: 50, concurrency });
        const sent = server.requests - requests;
        assertEquals(report.requests, sent, "it tells how many there were");
        assertLessOrEqual(sent, 50, `with seed ${seed}`);
        assert(report.executed > 10);
        await huey.close();
      }
    });
  }
}

test("a drain whose settlements fail gives up when its requests are used up, and what it ran is run again", async () => {
  const clock = new TestClock();
  let isDown = true;
  const storage = (name: string): Storage => {
    const storage = memory()(name);
    const exchange = storage.exchange.bind(storage);
    storage.exchange = async (asked) => {
      if (!isDown || !asked.settle?.length) return await exchange(asked);
      await storage.peek("keys", []); // counts as one
      throw new TypeError("no answer");
    };
    return storage;
  };
  const huey = new Huey("tests", { clock, storage });
  let runs = 0;
  const result = await huey.task("work", () => ++runs)();
  const { requests } = huey.core.storage;
  const drained = huey.drain({ maxRequests: 10, budget: "10m" });
  await assertRejects(() => asTimePasses(clock, drained), TypeError, "no answer");
  assertLessOrEqual(huey.core.storage.requests - requests, 10);
  assertEquals([runs, await result.status()], [1, "running"]);
  isDown = false;
  await clock.advance("10s");
  await huey.drain();
  assertEquals([runs, await result.status()], [2, "complete"]);
  await huey.close();
});

test("a drain passes its budget by no more than the timeout of a task", async () => {
  for (const seed of ownShare(Array.from({ length: 21 }, (_, i) => i))) {
    const random = new Random(seed);
    const clock = new TestClock();
    const huey = new Huey("tests", { clock });
    const ended: number[] = [];
    const tasks = [1, 5, 20].map((timeout) =>
      huey.task(`t${timeout}`, { timeout }, () => clock.sleep(random.below(30_000)))
    );
    tasks.push(huey.task("unlimited", () => clock.sleep(random.below(60_000))));
    huey.postExecute(() => void ended.push(clock.now()));
    for (let i = 0; i < 50; i++) await random.pick(tasks)();
    const began = clock.now();
    await asTimePasses(clock, huey.drain({ budget: "25s", concurrency: 1 + random.below(10) }));
    assertLessOrEqual(Math.max(...ended) - began, 25_000, `with seed ${seed}`);
    // The clock of the test goes on in steps of a second.
    assertLessOrEqual(clock.now() - began, 26_000, `with seed ${seed}`);
    await huey.close();
  }
});

test("a tick that finds nothing, with 50 schedules, is one request and less than 2 ms of a processor", async () => {
  await inSandbox(async (sandbox) => {
    // Another process, as the server would take its part of this one's time.
    const child = sandbox.start("tests/fixtures/idle_ticks.ts", [listener.url, token]);
    assertEquals(await child.ended, 0, child.output);
    const { milliseconds, requests } = JSON.parse(child.output);
    assertEquals(requests, 1);
    assertLess(milliseconds, 2);
  });
});
