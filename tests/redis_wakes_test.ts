import { after, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { redis } from "../adapters/redis.ts";
import type { Storage } from "../src/storage.ts";
import { eventually, inTime } from "./eventually.ts";
import { clients } from "./redis_clients.ts";
import { startRedis } from "./redis_server.ts";

const server = await startRedis();
const admin = new Redis({ port: server.port });
after(async () => {
  admin.disconnect();
  await server.stop();
});

const claim = { limit: 1, lease: 10_000 };

async function enqueue(storage: Storage, id: string): Promise<void> {
  await storage.exchange({ enqueue: [{ id, name: "task", body: "{}" }] });
}

/** Claims and waits until there is something, as an idle worker does. */
async function nextOf(storage: Storage, signal: AbortSignal): Promise<string> {
  for (;;) {
    const { deliveries } = await storage.exchange({ claim });
    if (deliveries.length > 0) return deliveries[0].message.id;
    await storage.waitForWork!(signal);
  }
}

/** How many connections listen. */
async function listening(): Promise<number> {
  return (await admin.client("LIST", "TYPE", "PUBSUB") as string).split("\n").filter(Boolean).length;
}

for (const name of ["ioredis 6", "ioredis 5", "iovalkey", "node-redis", "Bun's client"]) {
  const { [name]: open } = clients;
  const skip = name in clients ? false : "only Bun has Bun's client";
  const queue = `wakes-${name.replace(/\W/g, "")}`;

  test(`${name}: whoever waits is woken although the second connection was cut`, { skip }, async () => {
    const { client, close } = await open(server);
    const { client: other, close: closeOther } = await open(server);
    const [storage, elsewhere] = [redis(client)(queue), redis(other)(queue)];
    const { signal } = new AbortController();
    try {
      for (const id of ["a", "b", "c"]) {
        const next = nextOf(storage, signal);
        const result = storage.waitForKey!("results", id, signal);
        await eventually(async () => await listening() === 1);
        // Whatever comes before the connection is back is not heard.
        await admin.client("KILL", "TYPE", "PUBSUB");
        await enqueue(elsewhere, id);
        await elsewhere.put("results", id, "1");
        assertEquals(await inTime(next), id);
        await inTime(result);
      }
      const next = nextOf(storage, signal);
      await eventually(async () => await listening() === 1);
      await enqueue(elsewhere, "heard");
      assertEquals(await inTime(next), "heard");
    } finally {
      await storage.close!();
      await elsewhere.close!();
      await close();
      await closeOther();
    }
    await eventually(async () => await listening() === 0);
  });

  test(
    `${name}: storages share the second connection, and the last one closes it, but not the first`,
    { skip },
    async () => {
      const { client, close } = await open(server);
      const factory = redis(client);
      const [one, two] = [factory(`${queue}-1`), factory(`${queue}-2`)];
      const { signal } = new AbortController();
      const waits = [nextOf(one, signal), nextOf(two, signal)];
      await eventually(async () => await listening() === 1);
      await Promise.all([enqueue(one, "a"), enqueue(two, "b")]);
      assertEquals(await inTime(Promise.all(waits)), ["a", "b"]);
      await one.close!();
      const third = nextOf(two, signal);
      await enqueue(two, "c");
      assertEquals(await inTime(third), "c");
      assertEquals(await listening(), 1);
      await two.close!();
      await eventually(async () => await listening() === 0);
      const later = factory(`${queue}-1`);
      assertEquals((await later.exchange({ claim })).deliveries, []);
      await close();
    },
  );
}

test("who listens by a connection that is given up, as another cannot listen, listens by the next", async () => {
  const client = new Redis({ port: server.port });
  let refused = 0;
  const duplicate = () => {
    const second = client.duplicate();
    const subscribe = (channel: string) =>
      channel.includes("refused") ? Promise.reject(new Error(`refused ${++refused}`)) : second.subscribe(channel);
    return { on: second.on.bind(second), disconnect: () => second.disconnect(), subscribe };
  };
  const factory = redis({ call: (command, ...args) => client.call(command, ...args), duplicate });
  const [storage, other] = [factory("heard"), factory("refused")];
  const { signal } = new AbortController();
  const next = nextOf(storage, signal);
  await eventually(async () => await listening() === 1);
  await other.exchange({ claim });
  const wait = other.waitForWork!(signal);
  await eventually(async () => refused === 1 && await listening() === 0);
  await other.close!();
  await wait;
  await eventually(async () => await listening() === 1);
  await enqueue(redis(admin)("heard"), "a");
  assertEquals(await inTime(next), "a");
  await storage.close!();
  client.disconnect();
});

test("a client that cannot be duplicated is polled by the core", () => {
  const storage = redis({ call: () => Promise.reject(new Error("not sent")) })("polled");
  assertEquals([storage.waitForWork, storage.waitForKey], [undefined, undefined]);
});

test("who cannot listen is woken after a while, and asks less and less often", async () => {
  const client = new Redis({ port: server.port });
  let attempts = 0;
  const duplicate = () => ({
    on: () => {},
    disconnect: () => {},
    subscribe: () => Promise.reject(new Error(`attempt ${++attempts}`)),
  });
  const storage = redis({ call: (command, ...args) => client.call(command, ...args), duplicate })("deaf");
  const { signal } = new AbortController();
  const waits: number[] = [];
  for (let i = 0; i < 3; i++) {
    await storage.exchange({ claim });
    const before = performance.now();
    await storage.waitForWork!(signal);
    waits.push(performance.now() - before);
  }
  assertEquals(attempts, 3);
  assert(waits[0] < waits[1] && waits[1] < waits[2], `the waits were ${waits}`);
  await storage.close!();
  client.disconnect();
});

test("a client is left open when the storages over it are closed", async () => {
  const storage = redis(admin)("closed");
  await enqueue(storage, "a");
  await storage.close!();
  assertEquals(await admin.ping(), "PONG");
});

test("the queue is announced when it stops being empty, and not again while it is not", async () => {
  const storage = redis(admin)("announced");
  const publications = async (): Promise<number> =>
    Number(/cmdstat_publish:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
  const before = await publications();
  for (const id of ["a", "b", "c"]) await enqueue(storage, id);
  assertEquals(await publications() - before, 1);
  await storage.close!();
});
