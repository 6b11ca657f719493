import { after } from "node:test";
import { storageContract } from "@hq/huey/testing";
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

after(async () => {
  for (const close of closing) await close();
  await server.stop();
});
