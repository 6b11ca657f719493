import { readdirSync } from "node:fs";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { Redis as Valkey } from "iovalkey";
import { createClient, createCluster } from "redis";
import type { RedisClient } from "../adapters/redis.ts";

/** Where a server is, and who comes. */
export interface Address {
  port: number;
  username?: string;
  password?: string;
  /** The certificate to be trusted: TLS is spoken. */
  ca?: string;
}

/** A client that is open. */
export interface OpenClient {
  client: RedisClient;
  close(): unknown;
}

/** Opens a client. */
export type OpenRedis = (address: Address) => Promise<OpenClient>;

interface BunRedis {
  connect(): Promise<void>;
  send(command: string, args: string[]): Promise<unknown>;
  duplicate(): Promise<BunRedis>;
  close(): void;
}
type BunRedisClass = new (url: string, options: { tls?: { ca: string } }) => BunRedis;

const bun = (globalThis as { Bun?: { RedisClient: BunRedisClass } }).Bun;

/** The clients that there are under this runtime, by their names. */
export const clients: Record<string, OpenRedis> = {
  "ioredis 6": (address) => ofIoredis(Redis, address),
  "ioredis 5": async (address) => ofIoredis(await ioredis5(), address),
  "iovalkey": (address) => ofIoredis(Valkey as unknown as typeof Redis, address),
  "node-redis": async ({ port, username, password, ca }) => {
    const socket = ca ? { host: "127.0.0.1", port, tls: true as const, ca } : { host: "127.0.0.1", port };
    const client = createClient({ socket, username, password });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ...bun && {
    "Bun's client": async ({ port, username = "", password, ca }) => {
      const who = password === undefined ? "" : `${username}:${password}@`;
      const url = `${ca ? "rediss" : "redis"}://${who}127.0.0.1:${port}`;
      const client = new bun.RedisClient(url, ca ? { tls: { ca } } : {});
      await client.connect();
      return { client, close: () => client.close() };
    },
  },
};

/** The clients of a cluster, by their names. */
export const clusterClients: Record<string, (ports: number[]) => Promise<OpenClient>> = {
  "ioredis's Cluster": (ports) => {
    const client = new Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
    return Promise.resolve({ client, close: () => client.disconnect() });
  },
  "node-redis's cluster": async (ports) => {
    const client = createCluster({ rootNodes: ports.map((port) => ({ socket: { host: "127.0.0.1", port } })) });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

function ofIoredis(Client: typeof Redis, { port, username, password, ca }: Address): Promise<OpenClient> {
  const options: RedisOptions = { port, host: "127.0.0.1", username, password, ...ca && { tls: { ca } } };
  const client = new Client(options);
  client.on("error", () => {});
  return Promise.resolve({ client, close: () => client.disconnect() });
}

/** Deno alone knows the package by the alias of deno.json; for the others it is where Deno has put it. */
async function ioredis5(): Promise<typeof Redis> {
  if ("Deno" in globalThis) return (await import("ioredis5")).Redis as unknown as typeof Redis;
  const packages = new URL("../node_modules/.deno/", import.meta.url);
  const [found] = readdirSync(packages).filter((name) => name.startsWith("ioredis@5"));
  return (await import(new URL(`${found}/node_modules/ioredis/built/index.js`, packages).href)).Redis;
}
