import { test } from "node:test";
import { storageContract } from "@hq/huey/testing";
import { redis } from "../adapters/redis.ts";
import { clients } from "./redis_clients.ts";
import { hasProgram, startRedis } from "./redis_server.ts";

const program = "valkey-server";
const skip = await hasProgram(program) ? false : `there is no ${program}`;

// One test and not hundreds, since it is a test that most machines skip.
test("Valkey keeps the whole contract, with every client", { skip }, async () => {
  const server = await startRedis([], { program });
  try {
    for (const [name, open] of Object.entries(clients)) {
      const { client, close } = await open(server);
      const cases: { name: string; fn: () => Promise<void> }[] = [];
      storageContract(name, redis(client), { test: (name, fn) => cases.push({ name, fn }) });
      for (const { name, fn } of cases) {
        await fn().catch((error) => {
          throw new Error(name, { cause: error });
        });
      }
      await close();
    }
  } finally {
    await server.stop();
  }
});
