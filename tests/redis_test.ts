import { after, test } from "node:test";
import { assertEquals } from "@std/assert";
import { storageContract } from "@hq/huey/testing";
import { Redis } from "ioredis";
import { redis } from "../adapters/redis.ts";
import { clients } from "./redis_clients.ts";
import { startRedis } from "./redis_server.ts";

const { "Bun's client": _, ...everywhere } = clients;
const server = await startRedis();
const closing: (() => unknown)[] = [];

for (const [name, open] of Object.entries(everywhere)) {
  const { client, close } = await open(server);
  closing.push(close);
  storageContract(name, redis(client));
}

test("redis: a flush frees the keys of all that is finished, however much that is", async () => {
  const client = new Redis({ port: server.port });
  const storage = redis(client)("many-keys");
  const all = (id: string) =>
    Array.from(
      { length: 2_100 },
      (_, i) => ({ id: `${id} ${i}`, name: "task", body: "", unique: { key: `k${i}`, until: 9e15 } }),
    );
  await storage.exchange({ enqueue: all("first") });
  const { deliveries } = await storage.exchange({ claim: { limit: 2_100, lease: 10_000 } });
  await storage.exchange({ settle: deliveries.map(({ receipt }) => ({ receipt })) });
  assertEquals((await storage.exchange({ enqueue: all("again") })).enqueued.filter(({ added }) => added), []);
  await storage.flush(["unique"]);
  assertEquals((await storage.exchange({ enqueue: all("again") })).enqueued.filter(({ added }) => !added), []);
  await storage.close!();
  client.disconnect();
});

after(async () => {
  for (const close of closing) await close();
  await server.stop();
});
