import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { assert, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError, type HueyOptions } from "@hq/huey";
import { denoKv } from "@hq/huey/deno-kv";
import { storageContract } from "@hq/huey/testing";
import { type Fault, FaultyKv } from "./faulty_kv.ts";
import { connect, openKv } from "./kv_databases.ts";
import { Random } from "./random.ts";
import { ownRuntime } from "./sandbox.ts";
import { ownShare } from "./shares.ts";
import { StorageHistory } from "./storage_history.ts";

const folder = mkdtempSync(`${tmpdir()}/huey-`);
const shared = await openKv(`${folder}/shared.db`);
const inMemory = await openKv(":memory:");
after(() => {
  shared.close();
  inMemory.close();
  rmSync(folder, { recursive: true, force: true });
});

storageContract("deno-kv", denoKv(shared));
// The database is the same under each runtime, and Deno has it at hand; see expected_skips.ts.
if (ownRuntime === "deno") {
  storageContract("deno-kv, a connection each", async (name) => (await connect(`${folder}/each.db`))(name));
  storageContract("deno-kv, in memory, with ten checks a commit", denoKv(new FaultyKv(inMemory, { checks: 10 })));
}

test("deno-kv: random histories lose and double nothing while commits fail", async () => {
  for (const seed of ownShare(Array.from({ length: 30 }, (_, i) => i))) {
    const kv = await openKv();
    try {
      const random = new Random(seed);
      let rate = 0;
      const faults: Fault[] = ["locked", "conflict", "conflict", "failed", "lost", "lost"];
      const faulty = new FaultyKv(kv, {
        next: () => random.chance(rate) ? random.pick(faults) : undefined,
        checks: seed % 2 ? 10 : 100,
      });
      const storage = denoKv(faulty)("history");
      await storage.counts();
      rate = 0.3;
      await new StorageHistory(storage, random).play(() => rate = 0).catch((error) => {
        throw new Error(`The history of seed ${seed} went wrong`, { cause: error });
      });
      await storage.close!();
    } finally {
      kv.close();
    }
  }
});

test("deno-kv: without Deno.openKv, and without a Kv, it is said how to get one", async () => {
  const { Deno = {} } = globalThis as { Deno?: object };
  const own = Object.getOwnPropertyDescriptor(Deno, "openKv");
  Object.defineProperty(Deno, "openKv", { value: undefined, configurable: true });
  try {
    const storage = denoKv()("a");
    await assertRejects(() => storage.counts(), ConfigurationError, '"unstable": ["kv"]');
    await storage.close!();
  } finally {
    if (own) Object.defineProperty(Deno, "openKv", own);
  }
});

test("deno-kv: what is not a duration cannot be the interval of looking", () => {
  assertThrows(() => denoKv(":memory:", { poll: "soon" as "1s" }), TypeError, "poll");
});

test("deno-kv: it is a storage for Huey", () => {
  const options: HueyOptions = { storage: denoKv(inMemory) };
  assert(options);
});
