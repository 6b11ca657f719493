import { after } from "node:test";
import { storageContract } from "@hq/huey/testing";
import { redis } from "../adapters/redis.ts";
import { clusterClients } from "./redis_clients.ts";
import { startCluster } from "./redis_server.ts";
import { isOwnTurn } from "./shares.ts";

const own = Object.entries(clusterClients).filter((_, i) => isOwnTurn(i + 1));
const closing: (() => unknown)[] = [];

if (own.length > 0) {
  // Each test of the contract has a name of its own, so all of them together are on all of the nodes.
  const cluster = await startCluster();
  for (const [name, open] of own) {
    const { client, close } = await open(cluster.ports);
    closing.push(close);
    storageContract(name, redis(client));
  }
  closing.push(() => cluster.stop());
}

after(async () => {
  for (const close of closing) await close();
});
