import process from "node:process";
import { after, test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { chord, Huey, memory, type Storage, type StorageFactory } from "@hq/huey";
import { Redis } from "ioredis";
import { redis } from "../adapters/redis.ts";
import { toBody, toKept } from "../adapters/redis_body.ts";
import { FaultProxy } from "./fault_proxy.ts";
import { Random } from "./random.ts";
import { startRedis } from "./redis_server.ts";
import { onlyUnder } from "./shares.ts";

const server = await startRedis();
const client = new Redis({ port: server.port });
after(async () => {
  client.disconnect();
  await server.stop();
});

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

test("many tasks go to Redis in requests of 500, and run in the order of the call", async () => {
  const huey = new Huey("bulk", { storage: redis(client) });
  const ran: number[] = [];
  const task = huey.task("task", (n: number) => void ran.push(n));
  const results = await huey.enqueue(numbers(1_200).map((n) => task.s(n)));
  assertEquals([huey.core.storage.requests, results.length], [3, 1_200]);
  await huey.drain({ maxTasks: Infinity });
  assertEquals(ran, numbers(1_200));
  await huey.close();
});

test("many calls made together fill requests of 500, and their tasks run in the order of the calls", async () => {
  const huey = new Huey("calls", { storage: redis(client) });
  const ran: number[] = [];
  const task = huey.task("task", (n: number) => void ran.push(n));
  await Promise.all(numbers(1_200).map((n) => task(n)));
  assertEquals(huey.core.storage.requests, 3);
  await huey.drain({ maxTasks: Infinity });
  assertEquals(ran, numbers(1_200));
  await huey.close();
});

test("a chord goes to Redis in one request, however many members it has", async () => {
  const huey = new Huey("chord", { storage: redis(client) });
  const same = huey.task("same", (n: number) => n);
  const sum = huey.task("sum", (all: number[]) => all.reduce((a, b) => a + b, 0));
  const { callback } = await huey.enqueue(chord(numbers(1_200).map((n) => same.s(n)), sum));
  assertEquals(huey.core.storage.requests, 1);
  await huey.drain({ maxTasks: Infinity });
  assertEquals(await callback.get(), 1_199 * 600);
  await huey.close();
});

/** One that keeps the order of requests, and whose second one fails. */
function failing(): StorageFactory {
  return (name) => {
    const storage = memory()(name);
    let exchanges = 0;
    return new Proxy(storage, {
      get: (target, key) => {
        if (key === "isOrdered") return true;
        const member = Reflect.get(target, key, target) as unknown;
        if (typeof member !== "function") return member;
        return (...args: Parameters<Storage["exchange"]>) =>
          key === "exchange" && ++exchanges === 2
            ? Promise.reject(new Error("unplugged"))
            : member.apply(target, args) as unknown;
      },
    });
  };
}

test("a bulk of which a request fails is refused, and some of it may be there", async () => {
  const huey = new Huey("unplugged", { storage: failing() });
  const task = huey.task("task", (n: number) => n);
  await assertRejects(() => huey.enqueue(numbers(1_200).map((n) => task.s(n))), Error, "unplugged");
  assertEquals((await huey.counts()).queued, 700);
  await task(1);
  assertEquals((await huey.counts()).queued, 701);
});

/** Tells how many exchanges were under way at once at most. */
function counting(open: StorageFactory): { storage: StorageFactory; most(): number } {
  let [underWay, most] = [0, 0];
  const storage: StorageFactory = (name) => {
    const inner = open(name);
    const exchange = inner.exchange.bind(inner);
    inner.exchange = async (request) => {
      most = Math.max(most, ++underWay);
      return await exchange(request).finally(() => underWay--);
    };
    return inner;
  };
  return { storage, most: () => most };
}

onlyUnder("bun")("with two requests under way on a connection that fails, each of many tasks ends once", async () => {
  const seed = Number(process.env.HUEY_SEED ?? Date.now() % 2 ** 31);
  const proxy = new FaultProxy(server, new Random(seed).next);
  await proxy.open();
  const failing = new Redis({ port: proxy.port, retryStrategy: () => 1, maxRetriesPerRequest: null });
  failing.on("error", () => {}); // without it ioredis prints to the console
  const { storage, most } = counting(redis(failing));
  const caller = new Huey("many", { storage: redis(client) });
  const worker = new Huey("many", { storage, lease: "1s", maxDeliveries: 1_000 });
  const call = caller.task("task", (n: number) => n);
  const ends = new Map<string, number>();
  worker.task("task", (n: number) => n);
  worker.signal(["complete", "dead"], (_, { id }) => void ends.set(id, (ends.get(id) ?? 0) + 1));

  const results = await caller.enqueue(numbers(6_000).map((n) => call.s(n)));
  const consumer = worker.createConsumer({ workers: 16 });
  await consumer.start();
  try {
    assertEquals(await results.get({ blocking: true, timeout: "60s" }), numbers(6_000), `seed ${seed}`);
    proxy.isFaulty = false;
    await consumer.stop();
    assertEquals([ends.size, Math.max(...ends.values())], [6_000, 1], `seed ${seed}`);
    assertEquals((await caller.counts()).running, 0, `seed ${seed}`);
    assertEquals(most(), 2);
    assert(Object.values(proxy.counts).some((count) => count > 0), `seed ${seed}: nothing failed`);
  } finally {
    await consumer.stop({ graceful: false });
    await Promise.all([caller.close(), worker.close()]);
    failing.disconnect();
    await proxy.close();
  }
});

test("any body comes back as it was, whatever it begins with", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", 'quoted"', "line\nbreak", "ü", "="));
  fc.assert(fc.property(text, text, text, fc.nat(4), (id, name, rest, kind) => {
    const json = `~${JSON.stringify({ id, name, args: [rest] })}`;
    const body = [rest, json, json.slice(1), `=${rest}`, `~{"id":"${id}","name":"${name}",${rest}`][kind];
    assertEquals(toBody(id, name, toKept(id, name, body)), body);
  }));
  const kept = toKept("1", "task", '~{"id":"1","name":"task","args":[]}');
  assertEquals(kept, '="args":[]}');
});
