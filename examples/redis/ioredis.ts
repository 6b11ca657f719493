// A queue in Redis through ioredis, version 5 or 6; a Cluster of its is given in the same way.
//
//   export REDIS_URL=redis://localhost:6379
//   deno task consume examples/redis/ioredis.ts     in one terminal
//   deno run -A examples/redis/ioredis.ts           in another (or: bun …, node …)

import process from "node:process";
import { Redis } from "ioredis";
import { redis } from "../../adapters/redis.ts";
import { Huey } from "../../mod.ts";

const client = new Redis(process.env.REDIS_URL ?? "redis://localhost:6379");

export const huey = new Huey("my-app", { storage: redis(client) });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

if (import.meta.main) {
  const result = await addNumbers(1, 2); // one request
  console.log(await result.get({ blocking: true })); // 3, as soon as a consumer has run it
  await huey.close();
  client.disconnect();
}
