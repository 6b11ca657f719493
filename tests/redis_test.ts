import { after } from "node:test";
import { storageContract } from "@hq/huey/testing";
import { Redis } from "ioredis";
import { redis } from "../adapters/redis.ts";
import { startRedis } from "./redis_server.ts";

const server = await startRedis();
const client = new Redis({ port: server.port });
after(async () => {
  client.disconnect();
  await server.stop();
});

storageContract("ioredis 6", redis(client));
