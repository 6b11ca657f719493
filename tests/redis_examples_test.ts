/** The example of each client: run as its users run it, the program that calls and, in another process, a consumer. */
import { after, test } from "node:test";
import { assertEquals } from "@std/assert";
import { listen } from "./http_listener.ts";
import { startRedis } from "./redis_server.ts";
import { inSandbox, ownRuntime, type RuntimeName } from "./sandbox.ts";
import { UpstashServer } from "./upstash_server.ts";

const redis = await startRedis();
const token = crypto.randomUUID();
const upstash = new UpstashServer({ redis, token });
const listener = await listen(upstash.fetch);
after(async () => {
  await listener.close();
  upstash.close();
  await redis.stop();
});

const env = {
  REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  UPSTASH_REDIS_REST_URL: listener.url,
  UPSTASH_REDIS_REST_TOKEN: token,
};

const examples: [path: string, runtime: RuntimeName][] = [
  ["examples/redis/ioredis.ts", ownRuntime],
  ["examples/redis/iovalkey.ts", ownRuntime],
  ["examples/redis/node_redis.ts", ownRuntime],
  ["examples/redis/bun.ts", "bun"],
  ["examples/upstash.ts", ownRuntime],
];

for (const [path, runtime] of examples) {
  test(`${path} calls, is run by a consumer, and ends`, async () => {
    await inSandbox(async (sandbox) => {
      const program = sandbox.start(path, [], runtime, env);
      const consumer = sandbox.start("src/cli/main.ts", ["consume", path], runtime, env);
      await consumer.wrote("Consumer of my-app started");
      assertEquals([await program.ended, program.output], [0, "3\n"], program.output);
      consumer.kill("SIGTERM");
      assertEquals(await consumer.ended, 0, consumer.output);
    });
  });
}
