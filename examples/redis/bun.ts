// A queue in Redis through the client that Bun has built in.
//
//   export REDIS_URL=redis://localhost:6379
//   bun src/cli/main.ts consume examples/redis/bun.ts    in one terminal
//   bun examples/redis/bun.ts                            in another

import process from "node:process";
import { redis, type SendClient } from "../../adapters/redis.ts";
import { Huey } from "../../mod.ts";

// Declared here because Deno, which checks this file, knows nothing of Bun; `@types/bun` does.
declare const Bun: { RedisClient: new (url: string) => SendClient & { close(): void } };

const client = new Bun.RedisClient(process.env.REDIS_URL ?? "redis://localhost:6379");

export const huey = new Huey("my-app", { storage: redis(client) });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

if (import.meta.main) {
  const result = await addNumbers(1, 2); // one request
  console.log(await result.get({ blocking: true })); // 3, as soon as a consumer has run it
  await huey.close();
  client.close();
}
