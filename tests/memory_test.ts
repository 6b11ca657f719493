import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Heap, type Placed } from "../src/heap.ts";
import { memory } from "../src/memory.ts";
import { storageContract } from "../src/testing/contract.ts";

storageContract("memory", memory());

test("memory: two factories have nothing in common", async () => {
  await memory()("a").exchange({ enqueue: [{ id: "a", name: "task", body: "" }] });
  assertEquals((await memory()("a").counts()).queued, 0);
});

test("memory: a factory remembers what a closed storage has left", async () => {
  const open = memory();
  const storage = open("a");
  await storage.exchange({ enqueue: [{ id: "a", name: "task", body: "" }] });
  await storage.close!();
  assertEquals((await open("a").counts()).queued, 1);
});

test("memory: who waits is woken when something will be ready sooner than the last claim told", async () => {
  const storage = memory()("a");
  await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
  const signal = AbortSignal.timeout(60_000);
  const woken = storage.waitForWork!(signal);
  await storage.exchange({ enqueue: [{ id: "a", name: "task", body: "", delay: 60_000 }] });
  await woken;
  assertEquals(signal.aborted, false);
});

test("memory: a heap stays in order whatever is put in and taken out", () => {
  type Item = Placed & { rank: number };
  const heap = new Heap<Item>((a, b) => a.rank < b.rank);
  const inside: Item[] = [];
  for (let step = 0; step < 2_000; step++) {
    const random = (step * 7_919 + (step >> 3) * 104_729) % 10_007;
    if (step % 3 < 2) {
      const item = { rank: random + step / 10_000, place: -1 };
      heap.push(item);
      inside.push(item);
    } else {
      heap.remove(inside.splice(random % inside.length, 1)[0]);
    }
    assertEquals(heap.peek(), inside.reduce((first, item) => item.rank < first.rank ? item : first, inside[0]));
  }
  const sorted = inside.map(({ rank }) => rank).sort((a, b) => a - b);
  assertEquals([...heap.inOrder()].map(({ rank }) => rank), sorted);
});
