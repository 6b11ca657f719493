/** What Deno KV says of how many there are, against what is there. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { denoKv, type Kv, type KvKey } from "@hq/huey/deno-kv";
import type { Message, State, Storage } from "../src/storage.ts";
import { type Fault, FaultyKv } from "./faulty_kv.ts";
import { openKv } from "./kv_databases.ts";
import { Random } from "./random.ts";
import { onlyUnder } from "./shares.ts";
import { StorageHistory } from "./storage_history.ts";

const test = onlyUnder("deno");

const PREFIXES = { queued: "q", scheduled: "s", waiting: "w", running: "r", dead: "d" } as const;
const STATES = Object.keys(PREFIXES) as State[];
const LEASE = 10_000;

async function withKv(body: (kv: Kv) => Promise<void>): Promise<void> {
  const kv = await openKv();
  try {
    await body(kv);
  } finally {
    kv.close();
  }
}

/** How many keys there are of each state. */
async function scan(kv: Kv, name: string): Promise<Record<State, number>> {
  const found: [State, number][] = [];
  for (const state of STATES) {
    let number = 0;
    for await (const _ of kv.list({ prefix: ["huey", name, PREFIXES[state]] })) number++;
    found.push([state, number]);
  }
  return Object.fromEntries(found) as Record<State, number>;
}

async function counted(storage: Storage): Promise<Record<State, number>> {
  const { results: _, ...states } = await storage.counts(undefined, { results: false });
  return states;
}

function many(count: number, id: string, fields: Partial<Message> = {}): Message[] {
  return Array.from({ length: count }, (_, i) => ({ id: `${id} ${i}`, name: "task", body: "", ...fields }));
}

/** Some in each state. */
async function someOfEach(storage: Storage): Promise<Record<State, number>> {
  await storage.exchange({ enqueue: many(9, "first") });
  const { deliveries } = await storage.exchange({ claim: { limit: 9, lease: LEASE } });
  await storage.exchange({ settle: deliveries.slice(0, 4).map(({ receipt }) => ({ receipt, bury: "" })) });
  await storage.exchange({
    enqueue: [...many(150, "a"), ...many(120, "b", { delay: LEASE }), ...many(3, "c", { parts: 2 })],
  });
  return { queued: 150, scheduled: 120, waiting: 3, running: 5, dead: 4 };
}

/** Makes a database what a version would have left that did not count. */
async function uncount(kv: Kv, name: string): Promise<void> {
  for (const key of ["all", ...STATES]) await kv.atomic().delete(["huey", name, "n", key]).commit();
  for (const state of STATES) {
    for await (const { key, value } of kv.list({ prefix: ["huey", name, PREFIXES[state]] })) {
      const { counted: _, ...entry } = JSON.parse(new TextDecoder().decode(value as Uint8Array));
      await kv.atomic().set(key as KvKey, new TextEncoder().encode(JSON.stringify(entry))).commit();
    }
  }
}

test("deno-kv counts: what is counted is what is there, at each step of random histories with faults", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    await withKv(async (kv) => {
      const random = new Random(seed);
      let rate = 0;
      const faults: Fault[] = ["locked", "conflict", "conflict", "failed", "lost", "lost"];
      const next = () => random.chance(rate) ? random.pick(faults) : undefined;
      const storage = denoKv(new FaultyKv(kv, { next, checks: seed % 2 ? 10 : 100 }))("history");
      const looking = denoKv(kv)("history");
      const exchange = storage.exchange.bind(storage);
      storage.exchange = async (asked) => {
        try {
          return await exchange(asked);
        } finally {
          assertEquals(await counted(looking), await scan(kv, "history"), `seed ${seed}`);
        }
      };
      await storage.exchange({});
      rate = 0.3;
      await new StorageHistory(storage, random).play(() => rate = 0);
    });
  }
});

test("deno-kv counts: those who are in each other's way all count", async () => {
  await withKv(async (kv) => {
    const storages = Array.from({ length: 8 }, () => denoKv(kv)("storm"));
    const random = new Random(1);
    await Promise.all(storages.map(async (storage, i) => {
      for (let round = 0; round < 12; round++) {
        const { deliveries } = await storage.exchange({
          enqueue: [...many(3, `${i} ${round}`), ...many(1, `${i} ${round} later`, { delay: random.below(2) })],
          claim: { limit: 3, lease: LEASE },
        });
        const settle = deliveries.map(({ receipt, message }) => {
          switch (random.below(4)) {
            case 0:
              return { receipt, bury: "" };
            case 1:
              return { receipt, release: { delay: random.below(2) * LEASE } };
            case 2:
              return { receipt, retry: message };
          }
          return { receipt, enqueue: many(2, `after ${message.id} ${round}`) };
        });
        await storage.exchange({ settle });
      }
    }));
    const there = await scan(kv, "storm");
    assertEquals(await counted(storages[0]), there);
    assertGreater(there.queued + there.scheduled, 100);
  });
});

test("deno-kv counts: what is flushed is not counted any more", async () => {
  await withKv(async (kv) => {
    const storage = denoKv(kv)("own");
    const there = await someOfEach(storage);
    assertEquals(await counted(storage), there);
    await storage.flush(["scheduled", "dead"]);
    assertEquals(await counted(storage), { ...there, scheduled: 0, dead: 0 });
    await storage.flush(STATES);
    assertEquals(await counted(storage), { queued: 0, scheduled: 0, waiting: 0, running: 0, dead: 0 });
  });
});

test("deno-kv counts: what a version has left that did not count is counted, once", async () => {
  await withKv(async (kv) => {
    const there = await someOfEach(denoKv(kv)("own"));
    await uncount(kv, "own");
    const storage = denoKv(kv)("own");
    // Whoever only adds does not take what lies there for counted.
    await storage.exchange({ enqueue: many(1, "new") });
    assertEquals(await counted(storage), { ...there, queued: there.queued + 1 });
    await denoKv(kv)("own").exchange({ claim: { limit: 100, lease: LEASE } });
    assertEquals(await counted(denoKv(kv)("own")), await scan(kv, "own"));
  });
});

test("deno-kv counts: what is moved while it is counted for the first time is counted once", async () => {
  await withKv(async (kv) => {
    await someOfEach(denoKv(kv)("own"));
    await uncount(kv, "own");
    const [worker, ...lookers] = Array.from({ length: 4 }, () => denoKv(kv)("own"));
    await Promise.all([
      ...lookers.map((storage) => storage.counts()),
      (async () => {
        for (let i = 0; i < 15; i++) {
          const { deliveries } = await worker.exchange({ claim: { limit: 5, lease: LEASE } });
          await worker.exchange({ settle: deliveries.slice(1).map(({ receipt }) => ({ receipt })) });
        }
      })(),
    ]);
    const there = await scan(kv, "own");
    assertLess(there.queued, 150);
    assertEquals(await counted(worker), there);
  });
});

test("deno-kv counts: what version 0.1.0 has left is counted", async () => {
  const file = fileURLToPath(new URL("./fixtures/upgrade/0.1.0/kv.json", import.meta.url));
  const entries: [key: string[], value: string][] = JSON.parse(readFileSync(file, "utf8"));
  await withKv(async (kv) => {
    for (const [key, value] of entries) {
      const bytes = Uint8Array.from(atob(value.slice(1)), (byte) => byte.charCodeAt(0));
      await kv.atomic().set(key.map((part) => JSON.parse(part.slice(1))), bytes).commit();
    }
    const there = await scan(kv, "fixture");
    assertGreater(there.scheduled, 0);
    assertEquals(await counted(denoKv(kv)("fixture")), there);
  });
});

test("deno-kv counts: it takes one read, however many there are", async () => {
  await withKv(async (kv) => {
    let reads = 0;
    const spying: Kv = {
      get: (key) => (reads++, kv.get(key)),
      getMany: (keys) => (reads++, kv.getMany(keys)),
      list: (selector, options) => (reads++, kv.list(selector, options)),
      atomic: () => kv.atomic(),
      watch: (keys) => kv.watch(keys),
      close: () => kv.close(),
    };
    const storage = denoKv(spying)("own");
    const there = await someOfEach(storage);
    reads = 0;
    assertEquals(await counted(storage), there);
    assertEquals(reads, 1);
  });
});
