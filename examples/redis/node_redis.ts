// A queue in Redis through node-redis, the package `redis`; a cluster of createCluster is given in the same way.
//
//   export REDIS_URL=redis://localhost:6379
//   deno task consume examples/redis/node_redis.ts  in one terminal
//   deno run -A examples/redis/node_redis.ts        in another (or: bun …, node …)

import process from "node:process";
import { createClient } from "redis";
import { redis } from "../../adapters/redis.ts";
import { Huey } from "../../mod.ts";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message)); // or the first one ends the process
await client.connect();

export const huey = new Huey("my-app", { storage: redis(client) });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

if (import.meta.main) {
  const result = await addNumbers(1, 2); // one request
  console.log(await result.get({ blocking: true })); // 3, as soon as a consumer has run it
  await huey.close();
  await client.close();
}
