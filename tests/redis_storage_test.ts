import { after, test } from "node:test";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError, type Settlement, type Storage } from "@hq/huey";
import { storageContract } from "@hq/huey/testing";
import { Redis } from "ioredis";
import { redis, type RedisClient, RedisError } from "../adapters/redis.ts";
import { eventually } from "./eventually.ts";
import { clients } from "./redis_clients.ts";
import { startRedis } from "./redis_server.ts";
import { onlyUnder } from "./shares.ts";

const server = await startRedis();
const client = new Redis({ port: server.port });
after(async () => {
  client.disconnect();
  await server.stop();
});

const now = 1_800_000_000_000;
const names = Array.from({ length: 6_000 }, (_, i) => `m${i}`);
const messages = names.map((id) => ({ id, name: "task", body: `body of ${id}` }));

/** How many commands the server has executed since `before`, those in scripts and the scripts included. */
async function commands(): Promise<number> {
  const calls = (await client.info("commandstats")).matchAll(/^cmdstat_(\w+).*?:calls=(\d+)/gm);
  return [...calls].reduce((sum, [, name, count]) => name === "info" ? sum : sum + Number(count), 0);
}

function settle(receipt: string, key: string): Settlement {
  return { receipt, writes: [{ space: "results", key, value: "1", ttl: 60_000 }] };
}

test("an exchange executes the same number of commands, however many tasks are in it", async () => {
  await redis(client)("commands").exchange({ enqueue: messages.slice(0, 1_000) });
  async function costOf(storage: Storage, size: number): Promise<number> {
    const { deliveries } = await storage.exchange({ claim: { limit: size, lease: 10_000 } });
    assertEquals(deliveries.length, size);
    const before = await commands();
    await storage.exchange({
      request: crypto.randomUUID(),
      settle: deliveries.map(({ receipt, message }) => settle(receipt, message.id)),
      claim: { limit: size, lease: 10_000 },
    });
    return await commands() - before;
  }
  const costs: number[] = [];
  for (const size of [1, 20, 400]) costs.push(await costOf(redis(client)("commands"), size));
  assertEquals(costs, [16, 16, 16]);
});

test("an enqueue executes eight commands in its script, however many tasks are in it", async () => {
  const storage = redis(client)("enqueue");
  await storage.exchange({ claim: { limit: 0, lease: 1 } }); // the script is there
  const costs: number[] = [];
  for (const size of [1, 20, 400]) {
    await storage.flush(["queued"]);
    const before = await commands();
    await storage.exchange({ request: crypto.randomUUID(), enqueue: messages.slice(0, size) });
    costs.push(await commands() - before);
  }
  assertEquals(costs, [9, 9, 9]);
});

test("a task in batches of twenty costs less than one command in the scripts", async () => {
  const storage = redis(client)("batches");
  await storage.exchange({ enqueue: messages.slice(0, 1_000) });
  const before = await commands();
  let settling: Settlement[] = [];
  for (let batch = 0; batch <= 50; batch++) {
    const { deliveries } = await storage.exchange({
      request: crypto.randomUUID(),
      settle: settling,
      claim: { limit: 20, lease: 10_000 },
    });
    settling = deliveries.map(({ receipt, message }) => settle(receipt, message.id));
  }
  assertEquals((await storage.counts()).results, 1_000);
  const inScripts = await commands() - before - 52;
  assertLess(inScripts / 1_000, 0.8);
});

test("an idle claim executes four commands besides its script", async () => {
  const storage = redis(client)("idle");
  await storage.exchange({ claim: { limit: 5, lease: 1_000 } });
  const before = await commands();
  await storage.exchange({ claim: { limit: 5, lease: 1_000 } });
  assertEquals(await commands() - before, 5);
});

test("a batch may be larger than Lua's stack", async () => {
  const storage = redis(client)("large");
  await storage.exchange({ enqueue: messages });
  const { deliveries } = await storage.exchange({ claim: { limit: names.length, lease: 10_000 } });
  assertEquals(deliveries.map(({ message }) => message.id), names);
  const { settled } = await storage.exchange({
    settle: deliveries.map(({ receipt, message }) => settle(receipt, message.id)),
  });
  assertEquals(settled.every(Boolean), true);
  assertEquals((await storage.counts()).results, names.length);
});

test("lists and flushes of more than a thousand messages go page by page", async () => {
  const storage = redis(client)("pages");
  await storage.exchange({ enqueue: messages });
  const before = storage.requests;
  assertEquals((await storage.list("queued")).map(({ message }) => message.id), names);
  assertEquals((await storage.list("queued", { limit: 2_500 })).length, 2_500);
  await storage.flush(["queued"]);
  assertEquals((await storage.counts()).queued, 0);
  assert(storage.requests - before > 12);
});

test("what is finished leaves nothing behind but what is to be remembered", async () => {
  const storage = redis(client)("finished");
  await storage.exchange({
    now,
    request: "r",
    enqueue: [
      { id: "a", name: "task", body: "a", unique: { key: "k" } },
      { id: "b", name: "task", body: "b", parts: 1 },
      { id: "c", name: "task", body: "c", delay: 1 },
    ],
  });
  const claim = { limit: 5, lease: 1_000 };
  const [a, c] = (await storage.exchange({ now: now + 1, claim })).deliveries;
  await storage.exchange({
    now,
    settle: [{ receipt: a.receipt, joins: [{ id: "b", index: 0, value: "1" }] }, { receipt: c.receipt, bury: "note" }],
  });
  const [b] = (await storage.exchange({ now, claim })).deliveries;
  await storage.exchange({ now, settle: [{ receipt: b.receipt }, { resting: { id: "c", states: ["dead"] } }] });
  const left = (await client.keys("huey:{finished}:*")).sort();
  assertEquals(left, ["huey:{finished}:request:r", "huey:{finished}:sequence"]);
  const expiry = await client.pttl("huey:{finished}:request:r");
  assert(expiry > 30_000 && expiry <= 60_000, `it expires in ${expiry} ms`);
});

test("values that have expired are forgotten as others are written", async () => {
  const storage = redis(client)("expired");
  for (const key of names.slice(0, 250)) await storage.put("keys", key, "1", { ttl: 10, now });
  for (const key of ["a", "b", "c"]) await storage.put("keys", key, "1", { ttl: 10, now: now + 10 });
  assertEquals(await client.hlen("huey:{expired}:keys"), 3);
  assertEquals(await client.zcard("huey:{expired}:keys:until"), 3);
});

test("a server whose memory is full takes nothing more, and lets what is there be finished", async () => {
  const full = await startRedis(["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
  const client = new Redis({ port: full.port });
  try {
    const storage = redis(client)("full");
    let accepted = 0;
    const refused = await assertRejects(async () => {
      for (; accepted < 100_000; accepted += 100) {
        const batch = Array.from(
          { length: 100 },
          (_, i) => ({ id: `${accepted + i}`, name: "task", body: "x".repeat(500) }),
        );
        await storage.exchange({ request: crypto.randomUUID(), enqueue: batch });
      }
    }, RedisError);
    assertEquals(refused.code, "OOM");
    assert(accepted > 0);
    assertEquals((await storage.counts()).queued, accepted);

    let finished = 0;
    for (let settling: Settlement[] = [];;) {
      const request = { request: crypto.randomUUID(), settle: settling };
      const { settled, deliveries } = await storage.exchange({ ...request, claim: { limit: 50, lease: 60_000 } });
      // Its answer was lost, and it is sent again.
      assertEquals((await storage.exchange(request)).settled, settled);
      finished += settled.filter(Boolean).length;
      if (deliveries.length === 0) break;
      settling = deliveries.map(({ receipt, message }) => settle(receipt, message.id));
    }
    assertEquals(finished, accepted);
    assertEquals((await storage.counts()).results, accepted);
    const { enqueued } = await storage.exchange({ enqueue: [{ id: "more", name: "task", body: "x" }] });
    assertEquals(enqueued, [{ id: "more", added: true }]);
  } finally {
    client.disconnect();
    await full.stop();
  }
});

test("scripts that the server has forgotten are brought along again", async () => {
  const storage = redis(client)("forgotten");
  await storage.put("keys", "a", "1");
  await client.script("FLUSH");
  assertEquals(await storage.peek("keys", ["a"]), ["1"]);
});

onlyUnder("deno")(
  "scripts touch no key that they do not declare, and every key is in the slot of the name",
  async () => {
    const monitor = await client.monitor();
    const wrong = new Set<string>();
    let declared: string[] = [];
    let seen = 0;
    let isOver = false;
    monitor.on("monitor", (_time: string, [first, ...args]: string[], source: string) => {
      const command = first.toLowerCase();
      if (command.startsWith("eval")) {
        declared = args.slice(2, 2 + Number(args[1]));
        const slots = new Set(declared.map((key) => /^huey:(\{[^}]+\}):/.exec(key)?.[1]));
        if (slots.size !== 1 || slots.has(undefined)) wrong.add(declared.join(" "));
      } else if (source === "lua" && command !== "time" && command !== "publish") {
        seen++;
        for (const key of command === "unlink" ? args : args.slice(0, 1)) {
          if (!declared.includes(key)) wrong.add(`${command} ${key}`);
        }
      } else if (command === "echo") isOver = true;
    });
    const cases: (() => Promise<void>)[] = [];
    storageContract("watched", redis(client), { test: (_name, fn) => cases.push(fn) });
    for (const run of cases) await run();
    await client.echo("over");
    await eventually(() => isOver);
    monitor.disconnect();
    assertEquals([...wrong], []);
    assert(seen > 1_000, `only ${seen} commands were seen`);
  },
);

onlyUnder("node")("a server before Redis 6.2, which has no ZMSCORE, keeps the whole contract", async () => {
  const old = await startRedis(["--rename-command", "ZMSCORE", ""]);
  const client = new Redis({ port: old.port });
  try {
    await assertRejects(() => client.call("ZMSCORE", "a", "b"), Error, "unknown command");
    const cases: (() => Promise<void>)[] = [];
    storageContract("old", redis(client), { test: (_name, fn) => cases.push(fn) });
    for (const run of cases) await run();
  } finally {
    client.disconnect();
    await old.stop();
  }
});

test("a server that evicts keys is warned of once, on every client", async () => {
  const evicting = await startRedis(["--maxmemory-policy", "allkeys-lru"]);
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { list: (record) => records.push(record) },
    loggers: [
      { category: ["huey", "redis"], sinks: ["list"], lowestLevel: "warning" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    for (const open of Object.values(clients)) {
      records.length = 0;
      const { client, close } = await open(evicting);
      const factory = redis(client);
      await factory("one").counts();
      await factory("two").counts();
      await eventually(() => records.length > 0);
      assertEquals(records.map(({ properties }) => properties), [{ policy: "allkeys-lru" }]);
      await close();
    }
    const quiet = records.length;
    await redis(client)("one").counts();
    await client.ping();
    assertEquals(records.length, quiet);
  } finally {
    await reset();
    await evicting.stop();
  }
});

test("what is no client is refused, saying what is", () => {
  for (const wrong of ["redis://localhost", undefined, null, {}, { call: 1 }, () => {}]) {
    const error = assertThrows(() => redis(wrong as unknown as RedisClient), ConfigurationError);
    assert(error.message.includes("give a client of ioredis, iovalkey or node-redis, or Bun's RedisClient"));
  }
});
