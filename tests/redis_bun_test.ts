import { test } from "node:test";
import { storageContract } from "@hq/huey/testing";
import { redis } from "../adapters/redis.ts";
import { clients } from "./redis_clients.ts";
import { startRedis } from "./redis_server.ts";

const { "Bun's client": open } = clients;
const skip = "Bun's client" in clients ? false : "only Bun has Bun's client";

// One test and not hundreds, since it is a test that the other runtimes skip.
test("Bun's client keeps the whole contract", { skip }, async () => {
  const cases: { name: string; fn: () => Promise<void> }[] = [];
  const server = await startRedis();
  const { client, close } = await open(server);
  try {
    storageContract("Bun's client", redis(client), { test: (name, fn) => cases.push({ name, fn }) });
    for (const { name, fn } of cases) {
      await fn().catch((error) => {
        throw new Error(name, { cause: error });
      });
    }
  } finally {
    await close();
    await server.stop();
  }
});
