/** Many messages that are added to Deno KV at once, by commits that check for all of them together. */
import { setImmediate } from "node:timers";
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { denoKv, type Kv } from "@hq/huey/deno-kv";
import type { Message, Storage } from "../src/storage.ts";
import { type Fault, FaultyKv } from "./faulty_kv.ts";
import { keysOf, openKv } from "./kv_databases.ts";
import { onlyUnder } from "./shares.ts";

const test = onlyUnder("deno");

const LEASE = 10_000;

async function withKv(body: (kv: Kv) => Promise<void>): Promise<void> {
  const kv = await openKv();
  try {
    await body(kv);
  } finally {
    kv.close();
  }
}

function many(count: number, id = "m", from = 0): Message[] {
  return Array.from({ length: count }, (_, i) => ({ id: `${id}${10_000 + from + i}`, name: "task", body: "" }));
}

async function claimAll(storage: Storage): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const { deliveries } = await storage.exchange({ claim: { limit: 400, lease: LEASE } });
    if (deliveries.length === 0) return ids;
    ids.push(...deliveries.map(({ message }) => message.id));
  }
}

function idsOf(messages: Message[]): string[] {
  return messages.map(({ id }) => id);
}

for (const checks of [10, 100]) {
  test(`deno-kv bulk: few commits add many messages, in their order, with ${checks} checks a commit`, async () => {
    await withKv(async (kv) => {
      const faulty = new FaultyKv(kv, { checks });
      const storage = denoKv(faulty)("bulk");
      await storage.exchange({});
      const { commits } = faulty;
      const enqueue = many(3_000);
      const { enqueued } = await storage.exchange({ request: "r", enqueue });
      assertEquals(enqueued, enqueue.map(({ id }) => ({ id, added: true })));
      assertLessOrEqual(faulty.commits - commits, 8);
      assertEquals(await claimAll(denoKv(kv)("bulk")), idsOf(enqueue));
    });
  });
}

test("deno-kv bulk: one that is there already is not added again, wherever it lies", async () => {
  for (const there of [0, 700, 1_499]) {
    await withKv(async (kv) => {
      const storage = denoKv(kv)("bulk");
      const enqueue = many(1_500);
      await storage.exchange({ enqueue: [enqueue[there]] });
      const { enqueued } = await storage.exchange({ enqueue });
      assertEquals(enqueued, enqueue.map(({ id }, i) => ({ id, added: i !== there })));
      assertEquals((await storage.counts()).queued, 1_500);
    });
  }
});

test("deno-kv bulk: one that comes twice in one request is added once", async () => {
  await withKv(async (kv) => {
    const storage = denoKv(kv)("bulk");
    const enqueue = [...many(1_200), many(1)[0]];
    const { enqueued } = await storage.exchange({ enqueue });
    assertEquals(enqueued.map(({ added }) => added), enqueue.map((_, i) => i < 1_200));
    assertEquals((await claimAll(storage)).length, 1_200);
  });
});

test("deno-kv bulk: unique keys, and ids that are ordered otherwise, are kept", async () => {
  await withKv(async (kv) => {
    const storage = denoKv(kv)("bulk");
    const unique = many(600);
    unique[300].unique = { key: "k" };
    unique[500].unique = { key: "k" };
    const { enqueued: [...kept] } = await storage.exchange({ enqueue: unique });
    assertEquals(kept.filter(({ added }) => !added), [{ id: unique[300].id, added: false }]);
    // Here the latter are the last, and in UTF-8 the former.
    const enqueue = [...many(300, "\u{10000}"), ...many(300, "\uffee")];
    await storage.exchange({ enqueue: [enqueue[5]] });
    const { enqueued } = await storage.exchange({ enqueue });
    assertEquals(enqueued.filter(({ added }) => !added), [{ id: enqueue[5].id, added: false }]);
    assertEquals((await storage.counts()).queued, 1_199);
  });
});

test("deno-kv bulk: a settlement before them frees what they want", async () => {
  await withKv(async (kv) => {
    const storage = denoKv(kv)("bulk");
    const enqueue = many(800);
    await storage.exchange({ enqueue: [{ ...enqueue[5], unique: { key: "k" } }] });
    const { deliveries: [{ receipt }] } = await storage.exchange({ claim: { limit: 1, lease: LEASE } });
    enqueue[700].unique = { key: "k" };
    const { enqueued } = await storage.exchange({ settle: [{ receipt }], enqueue });
    assertEquals(enqueued, enqueue.map(({ id }) => ({ id, added: true })));
  });
});

test("deno-kv bulk: those who add the same at one time add each once, while others take", async () => {
  await withKv(async (kv) => {
    const enqueue = many(1_600);
    const taken: string[] = [];
    const adding = Array.from({ length: 3 }, () => denoKv(kv)("bulk").exchange({ enqueue }));
    let added = false;
    const taking = Array.from({ length: 2 }, async () => {
      const storage = denoKv(kv)("bulk");
      for (let last = false; !last;) {
        last = added;
        const { deliveries } = await storage.exchange({ claim: { limit: 7, lease: 1e9 } });
        taken.push(...deliveries.map(({ message }) => message.id));
        // In memory nothing takes time, and who is in the way of another one waits.
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const answers = await Promise.all(adding);
    added = true;
    await Promise.all(taking);
    const ids = enqueue.map((_, i) => answers.filter(({ enqueued }) => enqueued[i].added).length);
    assertEquals(ids, enqueue.map(() => 1));
    taken.push(...await claimAll(denoKv(kv)("bulk")));
    assertEquals(taken.toSorted(), idsOf(enqueue).toSorted());
  });
});

test("deno-kv bulk: where a commit is refused or fails, the rest is added all the same, or by the next attempt", async () => {
  for (const fault of ["conflict", "locked", "failed", "lost"] satisfies Fault[]) {
    for (const at of [0, 1, 2]) {
      await withKv(async (kv) => {
        const left: (Fault | undefined)[] = [];
        const storage = denoKv(new FaultyKv(kv, { next: () => left.shift() }))("bulk");
        await storage.exchange({});
        left.push(...Array.from({ length: at }, () => undefined), fault);
        const exchange = { request: "r", enqueue: many(1_400) };
        const { enqueued } = await storage.exchange(exchange).catch(() => storage.exchange(exchange));
        assertEquals(enqueued, exchange.enqueue.map(({ id }) => ({ id, added: true })), `${fault} at ${at}`);
        assertEquals(await claimAll(storage), idsOf(exchange.enqueue));
      });
    }
  }
});

test("deno-kv bulk: whoever else has written since is noticed", async () => {
  // Between the look and the first commit, one of the messages is added by somebody else.
  await withKv(async (kv) => {
    const enqueue = many(1_000);
    const other = denoKv(kv)("bulk");
    await other.exchange({});
    let stolen = 0;
    const spying = new FaultyKv(kv, {});
    const list = spying.list.bind(spying);
    spying.list = (selector, options) => {
      const listed = list(selector, options);
      if (!("start" in selector) || stolen++ > 0) return listed;
      return (async function* () {
        yield* listed;
        await other.exchange({ enqueue: [enqueue[10]] });
      })();
    };
    const { enqueued } = await denoKv(spying)("bulk").exchange({ enqueue });
    assertGreater(stolen, 0);
    assertEquals(enqueued, enqueue.map(({ id }, i) => ({ id, added: i !== 10 })));
    assertEquals((await keysOf(kv)).filter((key) => key.startsWith("q ")).length, 1_000);
  });
});
