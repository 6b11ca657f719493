import { after } from "node:test";
import { storageContract } from "@hq/huey/testing";
import { redis } from "../adapters/redis.ts";
import { clusterClients } from "./redis_clients.ts";
import { startCluster } from "./redis_server.ts";

// Each test of the contract has a name of its own, so all of them together are on all of the nodes.
const cluster = await startCluster();
const closing: (() => unknown)[] = [];

for (const [name, open] of Object.entries(clusterClients)) {
  const { client, close } = await open(cluster.ports);
  closing.push(close);
  storageContract(name, redis(client));
}

after(async () => {
  for (const close of closing) await close();
  await cluster.stop();
});
