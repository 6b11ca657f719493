import { after, before, test } from "node:test";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Huey, type Storage } from "@hq/huey";
import { storageContract } from "@hq/huey/testing";
import { upstash } from "@hq/huey/upstash";
import { Redis as NodeRedis } from "@upstash/redis";
import { type HttpListener, listen } from "./http_listener.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";
import { RespClient } from "./resp_client.ts";
import { ownRuntime } from "./sandbox.ts";
import { UpstashServer } from "./upstash_server.ts";

const token = "a-secret-token";
let redis: RedisServer;
let server: UpstashServer;
let listener: HttpListener;

before(async () => {
  redis = await startRedis();
  server = new UpstashServer({ redis, token });
  listener = await listen(server.fetch);
});

after(async () => {
  await listener.close();
  server.close();
  await redis.stop();
});

function open(name: string = crypto.randomUUID()): Storage {
  return upstash({ url: listener.url, token })(name);
}

storageContract("upstash", open);
// Another client, but the same requests under each runtime; see expected_skips.ts.
if (ownRuntime === "bun") {
  storageContract("upstash, by a client with the SDK's defaults", (name) => {
    return upstash(new NodeRedis({ url: listener.url, token }))(name);
  });
}

/** How many commands Redis executes meanwhile, those of our server aside. */
async function commandsOf(something: () => Promise<unknown>): Promise<number> {
  const client = new RespClient(redis);
  const count = async (): Promise<number> => {
    const info = new TextDecoder().decode(await client.send(["INFO", "commandstats"]) as Uint8Array);
    const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    return calls.filter(([, name]) => !/^(info|command\|.*)$/.test(name)).reduce((sum, [, , n]) => sum + Number(n), 0);
  };
  const before = await count();
  await something();
  const after = await count();
  client.close();
  return after - before;
}

/** How many requests reach Upstash meanwhile. */
async function requestsOf(something: () => Promise<unknown>): Promise<number> {
  const { requests } = server;
  await something();
  return server.requests - requests;
}

/** Adds numbers, on a database that has the scripts already. */
async function adder() {
  const huey = new Huey(crypto.randomUUID(), { storage: open });
  const add = huey.task("add", (a: number, b: number) => a + b);
  await add(0, 0);
  await huey.drain();
  return { huey, add };
}

test("an enqueue is one request, and so is one of many tasks", async () => {
  const { huey, add } = await adder();
  assertEquals(await requestsOf(() => add(1, 2)), 1);
  assertEquals(await requestsOf(() => add.map(Array.from({ length: 100 }, (_, i): [number, number] => [i, i]))), 1);
  assertEquals(await requestsOf(() => Promise.all([add(1, 2), add(3, 4)])), 1);
  assertEquals((await huey.counts()).queued, 103);
});

test("a drain that finds nothing is one request", async () => {
  const { huey } = await adder();
  assertEquals(await requestsOf(() => huey.drain()), 1);
});

test("a task alone takes two requests, and one among twenty a tenth", async () => {
  const { huey, add } = await adder();
  await add(1, 2);
  assertLessOrEqual(await requestsOf(() => huey.drain()), 2);
  await add.map(Array.from({ length: 20 }, (_, i): [number, number] => [i, i]));
  assertLessOrEqual(await requestsOf(() => huey.drain({ concurrency: 20 })) / 20, 0.1);
  await add.map(Array.from({ length: 20 }, (_, i): [number, number] => [i, i]));
  assertLessOrEqual(await requestsOf(() => huey.drain()) / 20, 0.2);
});

test("a task among twenty takes less than one command in the scripts", async () => {
  const { huey, add } = await adder();
  let requests = 0;
  const executed = await commandsOf(async () => {
    for (let batch = 0; batch < 5; batch++) {
      await add.map(Array.from({ length: 20 }, (_, i): [number, number] => [i, i]));
      requests += await requestsOf(() => huey.drain({ concurrency: 20 }));
    }
  });
  const adding = await commandsOf(async () => {
    for (let batch = 0; batch < 5; batch++) {
      await add.map(Array.from({ length: 20 }, (_, i): [number, number] => [i, i]));
    }
  });
  assertLessOrEqual((executed - adding - requests) / 100, 1);
});
