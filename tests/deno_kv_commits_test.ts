/** How requests to Deno KV are made of its commits, and what becomes of them when these fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { denoKv, type Kv } from "@hq/huey/deno-kv";
import type { Storage } from "../src/storage.ts";
import { type Fault, FaultyKv } from "./faulty_kv.ts";
import { connect, keysOf, openKv } from "./kv_databases.ts";
import { onlyUnder } from "./shares.ts";

const test = onlyUnder("deno");

const LEASE = 10_000;
const folder = mkdtempSync(`${tmpdir()}/huey-`);
after(() => rmSync(folder, { recursive: true, force: true }));

function message(id: string, body = "") {
  return { id, name: "task", body };
}

function many(count: number) {
  return Array.from({ length: count }, (_, i) => message(`m${i}`));
}

/** Runs a test with a storage on a database of its own. */
async function onOwn(body: (storage: Storage, kv: Kv) => Promise<void>): Promise<void> {
  const kv = await openKv();
  const storage = denoKv(kv)("own");
  try {
    await body(storage, kv);
  } finally {
    await storage.close!();
    kv.close();
  }
}

/** Runs a test with a storage whose commits meet these faults, one after the other. */
async function withFaults(
  faults: (Fault | undefined)[],
  body: (storage: Storage, kv: FaultyKv) => Promise<void>,
): Promise<void> {
  await onOwn(async (_, kv) => {
    const left: (Fault | undefined)[] = [];
    const faulty = new FaultyKv(kv, { next: () => left.shift() });
    const storage = denoKv(faulty)("faulty");
    // The first commits find out how many checks there may be, and begin to count.
    await storage.exchange({});
    left.push(...faults);
    await body(storage, faulty);
  });
}

test("deno-kv commits: nothing stays of what has ended, however large it was", async () => {
  await onOwn(async (storage, kv) => {
    const large = "large ".repeat(50_000);
    await storage.exchange({
      enqueue: [message("a", large), { ...message("chord", large), parts: 2 }, message("b", large), {
        ...message("c"),
        unique: { key: "k" },
      }],
    });
    const { deliveries: [a, b, c] } = await storage.exchange({ claim: { limit: 10, lease: LEASE } });
    assertEquals([a.message.body, c.message.id], [large, "c"]);
    await storage.exchange({
      settle: [
        { receipt: a.receipt, joins: [{ id: "chord", index: 0, value: large }] },
        { receipt: b.receipt, joins: [{ id: "chord", index: 1, value: "small" }], enqueue: [message("d", large)] },
        { receipt: c.receipt, writes: [{ space: "results", key: "c", value: large }] },
      ],
    });
    const { deliveries: [d, chord] } = await storage.exchange({ claim: { limit: 10, lease: LEASE } });
    assertEquals(chord.parts, [large, "small"]);
    await storage.exchange({
      settle: [
        { receipt: chord.receipt, writes: [{ space: "results", key: "c", value: "small" }] },
        { receipt: d.receipt, retry: message("d", "small") },
      ],
    });
    assertEquals(await storage.pop("results", "c"), "small");
    await storage.flush(["queued"]);
    assertEquals(await keysOf(kv), []);
  });
});

test("deno-kv commits: the parts of a message are removed, also where there are more than one commit takes", async () => {
  await onOwn(async (storage, kv) => {
    const parts = 2_500;
    await storage.exchange({ enqueue: [{ ...message("chord"), parts }, ...many(parts)] });
    for (let joined = 0; joined < parts;) {
      const { deliveries } = await storage.exchange({ claim: { limit: 500, lease: LEASE } });
      const settle = deliveries.map(({ receipt }) => ({
        receipt,
        joins: [{ id: "chord", index: joined++, value: "x".repeat(100) }],
      }));
      await storage.exchange({ settle });
    }
    const { deliveries: [chord] } = await storage.exchange({ claim: { limit: 1, lease: LEASE } });
    assertEquals(chord.parts?.length, parts);
    await storage.exchange({ settle: [{ receipt: chord.receipt }] });
    assertEquals(await keysOf(kv), []);
  });
});

test("deno-kv commits: what can never be stored is refused, and nothing of its request is done", async () => {
  await onOwn(async (storage, kv) => {
    const [long, large] = ["x".repeat(2_100), "x".repeat(800_000)];
    const tooMuch = [
      { enqueue: [message("a"), message("b", large)] },
      { enqueue: [message("a"), message(long)] },
      { enqueue: [message("a"), { ...message("b"), unique: { key: long } }] },
      { enqueue: [message("a")], request: long },
      { enqueue: [message("a")], settle: [{ receipt: "r", writes: [{ space: "results", key: "b", value: large }] }] },
      { enqueue: [message("a")], settle: [{ receipt: "r", writes: [{ space: "results", key: long }] }] },
      { enqueue: [message("a")], settle: [{ receipt: "r", retry: message("b", large) }] },
      { enqueue: [message("a")], settle: [{ receipt: "r", enqueue: many(100) }] },
    ] satisfies Parameters<Storage["exchange"]>[0][];
    for (const exchange of tooMuch) await assertRejects(() => storage.exchange(exchange), RangeError);
    await assertRejects(() => storage.put("keys", "a", large), RangeError, "Deno KV takes");
    await assertRejects(() => storage.put("keys", long, "a"), RangeError, "Deno KV takes 2048");
    await assertRejects(() => storage.increment("limits", long, 1), RangeError);
    assertEquals(await keysOf(kv), []);
    // What cannot be there is not there.
    assertEquals(await storage.peek("keys", [long]), [undefined]);
    assertEquals(await storage.find(long), undefined);
    assertEquals((await storage.exchange({ settle: [{ receipt: long }] })).settled, [false]);
  });
});

test("deno-kv commits: almost as much as can be stored is stored", async () => {
  await onOwn(async (storage) => {
    const large = "x".repeat(720_000);
    await storage.exchange({ enqueue: [message("a"), message("b", large), message("c")] });
    const { deliveries } = await storage.exchange({ claim: { limit: 10, lease: LEASE } });
    assertEquals(deliveries.map(({ message }) => message.id), ["a", "b", "c"]);
    assert(deliveries[1].message.body === large);
    await storage.put("results", "a", large);
    assert((await storage.peek("results", ["a"]))[0] === large);
  });
});

test("deno-kv commits: sixteen who want the same get each message once, and all of them", async () => {
  const storages = await Promise.all(
    Array.from({ length: 16 }, async () => (await connect(`${folder}/storm.db`))("storm")),
  );
  await storages[0].exchange({ enqueue: many(400) });
  const taken: string[] = [];
  await Promise.all(storages.map(async (storage) => {
    for (;;) {
      const { deliveries } = await storage.exchange({ claim: { limit: 5, lease: 60_000 } });
      if (deliveries.length === 0) return;
      taken.push(...deliveries.map(({ message }) => message.id));
      const settle = deliveries.map(({ receipt }) => ({ receipt }));
      assertEquals((await storage.exchange({ settle })).settled, settle.map(() => true));
    }
  }));
  assertEquals(taken.toSorted(), many(400).map(({ id }) => id).toSorted());
  for (const storage of storages) await storage.close!();
});

test("deno-kv commits: a locked file is tried again", async () => {
  await withFaults(["locked", "locked", "locked"], async (storage) => {
    const { enqueued } = await storage.exchange({ enqueue: [message("a")] });
    assertEquals(enqueued, [{ id: "a", added: true }]);
  });
});

test("deno-kv commits: any other failure is told, and tried only when the caller says so", async () => {
  await withFaults(["failed"], async (storage, kv) => {
    const { commits } = kv;
    await assertRejects(() => storage.put("keys", "a", "1"), TypeError, "cannot be reached");
    assertEquals(kv.commits, commits);
    assertEquals(await storage.put("keys", "a", "1"), true);
  });
});

for (const [how, id] of [["together", (i: number) => `m${i}`], ["one by one", (i: number) => `ü${i}`]] as const) {
  test(`deno-kv commits: a request of several commits that is sent again goes on where it was broken off, checked ${how}`, async () => {
    await withFaults([undefined, "lost"], async (storage, kv) => {
      const enqueue = Array.from({ length: 1_250 }, (_, i) => message(id(i)));
      const exchange = { request: "r", enqueue, claim: { limit: 1, lease: LEASE } };
      await assertRejects(() => storage.exchange(exchange), TypeError);
      const { queued } = await storage.counts();
      assertGreater(queued, 100);
      assertLess(queued, 1_250);
      const { enqueued, deliveries } = await storage.exchange(exchange);
      assertEquals(enqueued, enqueue.map(({ id }) => ({ id, added: true })));
      assertEquals(deliveries.map(({ message }) => message.id), [id(0)]);
      assertEquals((await storage.counts()).queued, 1_249);
      const commits = kv.commits;
      assertEquals((await storage.exchange({ ...exchange, claim: undefined })).enqueued, enqueued);
      assertEquals(kv.commits, commits);
    });
  });
}

test("deno-kv commits: a request that is sent again while it is under way is applied once", async () => {
  await onOwn(async (storage, kv) => {
    const exchange = { request: "r", enqueue: many(1_250) };
    const sent = Array.from({ length: 5 }, () => denoKv(kv)("own").exchange(exchange));
    for (const { enqueued } of await Promise.all(sent)) {
      assertEquals(enqueued.filter(({ added }) => added).length, 1_250);
    }
    assertEquals((await storage.counts()).queued, 1_250);
  });
});

test("deno-kv commits: a commit of exchanges takes few requests to the database", async () => {
  await withFaults([], async (storage, kv) => {
    await storage.exchange({ enqueue: many(64) });
    const first = await storage.exchange({ claim: { limit: 16, lease: LEASE } });
    const before = kv.commits;
    const settle = first.deliveries.map(({ receipt, message: { id } }) => ({
      receipt,
      writes: [{ space: "results" as const, key: id, value: "1" }],
      enqueue: [message(`after ${id}`)],
    }));
    const { deliveries } = await storage.exchange({ request: "r", settle, claim: { limit: 16, lease: LEASE } });
    assertEquals([deliveries.length, kv.commits - before], [16, 1]);
  });
});
