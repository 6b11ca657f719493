/**
 * Histories through a proxy that cuts connections, delays, and drops answers after the server has executed the request:
 * what was accepted is neither lost nor doubled.
 *
 * `HUEY_HISTORIES` is how many are played, by default a third of 200, as three runtimes play them. `HUEY_SEED` plays the
 * one of that seed again.
 *
 * @module
 */
import process from "node:process";
import { after, before, test } from "node:test";
import { assertGreater } from "@std/assert";
import type { StorageFactory } from "@hq/huey";
import { redis } from "@hq/huey/redis";
import { upstash } from "@hq/huey/upstash";
import { Redis } from "ioredis";
import { type Fault, FaultProxy } from "./fault_proxy.ts";
import { HueyHistory } from "./huey_history.ts";
import { type HttpListener, listen } from "./http_listener.ts";
import { Random } from "./random.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";
import type { RedisAddress } from "./resp_client.ts";
import { StorageHistory } from "./storage_history.ts";
import { UpstashServer } from "./upstash_server.ts";

const { HUEY_HISTORIES = "67", HUEY_SEED } = process.env;
const AT_ONCE = 4;
const token = "a-token";

let redisServer: RedisServer;
let rest: UpstashServer;
let listener: HttpListener;

before(async () => {
  redisServer = await startRedis();
  rest = new UpstashServer({ redis: redisServer, token });
  listener = await listen(rest.fetch);
});

after(async () => {
  await listener.close();
  rest.close();
  await redisServer.stop();
});

/** A way to a storage. */
interface Transport {
  name: string;
  /** What the proxy is put before. */
  target(): RedisAddress;
  /** A storage behind the proxy, with connections of its own, and what lets go of them. */
  open(port: number): { storage: StorageFactory; close(): void };
}

const transports: Transport[] = [
  {
    name: "TCP",
    target: () => redisServer,
    open: (port) => {
      const client = new Redis({ port, retryStrategy: () => 1, maxRetriesPerRequest: null });
      client.on("error", () => {}); // without it ioredis prints to the console
      return { storage: redis(client), close: () => client.disconnect() };
    },
  },
  {
    name: "HTTP",
    target: () => ({ host: "127.0.0.1", port: Number(new URL(listener.url).port) }),
    open: (port) => ({ storage: upstash({ url: `http://127.0.0.1:${port}`, token }), close: () => {} }),
  },
];

/** A kind of history. */
interface Kind {
  name: string;
  /** Its part of all histories over a transport. */
  share: number;
  play(name: string, open: () => StorageFactory, random: Random, calm: () => void): Promise<void>;
}

const kinds: Kind[] = [
  {
    name: "storage",
    share: 0.8,
    play: async (name, open, random, calm) => {
      const storage = open()(name);
      await new StorageHistory(storage, random).play(calm);
      await storage.close?.();
    },
  },
  {
    name: "Huey",
    share: 0.2,
    play: (name, open, random, calm) => new HueyHistory(name, open, random).play(calm),
  },
];

/** Plays the history of a seed; adds to the counts of faults. */
async function playOne(transport: Transport, { play }: Kind, seed: number, counts: Map<Fault, number>): Promise<void> {
  const random = new Random(seed);
  const proxy = new FaultProxy(transport.target(), new Random(~seed).next);
  await proxy.open();
  const opened: { close(): void }[] = [];
  const open = (): StorageFactory => {
    const { storage, close } = transport.open(proxy.port);
    opened.push({ close });
    return storage;
  };
  try {
    await play(`history-${crypto.randomUUID()}`, open, random, () => proxy.isFaulty = false);
  } catch (error) {
    const again = `play it again with HUEY_SEED=${seed} deno test -A tests/faults_test.ts`;
    throw new Error(`The history of seed ${seed} failed; ${again}: ${error}`, { cause: error });
  } finally {
    for (const { close } of opened) close();
    await proxy.close();
    for (const [fault, count] of Object.entries(proxy.counts)) {
      counts.set(fault as Fault, (counts.get(fault as Fault) ?? 0) + count);
    }
  }
}

async function playAll(transport: Transport, kind: Kind): Promise<void> {
  const first = HUEY_SEED === undefined ? Date.now() % 2 ** 31 : Number(HUEY_SEED);
  const count = HUEY_SEED === undefined ? Math.ceil(Number(HUEY_HISTORIES) * kind.share / transports.length) : 1;
  const seeds = Array.from({ length: count }, (_, i) => first + i).values();
  const counts = new Map<Fault, number>();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const seed of seeds) await playOne(transport, kind, seed, counts);
  }));
  console.log(`seeds ${first} to ${first + count - 1}: ${[...counts].map(([fault, n]) => `${n} ${fault}`).join(", ")}`);
  // Or there was nothing to withstand.
  if (count >= 20) assertGreater(Math.min(...counts.values()), 0);
}

for (const transport of transports) {
  for (const kind of kinds) {
    test(`over ${transport.name} that fails, a ${kind.name} loses and doubles nothing`, () => playAll(transport, kind));
  }
}
