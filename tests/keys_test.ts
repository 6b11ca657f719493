import { assertEquals, assertRejects } from "@std/assert";
import { onEveryStorage } from "./bench.ts";

onEveryStorage("a value that was put is read, again and again, by anybody", async ({ huey, another }) => {
  const value = { when: new Date(0), list: [1, 2n] };
  await huey.put("key", value);
  assertEquals([await huey.get("key"), await huey.get("key"), await another().get("key")], [value, value, value]);
});

onEveryStorage("a missing key is undefined, and so is one whose value is", async ({ huey }) => {
  assertEquals([await huey.get("key"), await huey.pop("key"), await huey.delete("key")], [undefined, undefined, false]);
  await huey.put("key", undefined);
  assertEquals([await huey.get("key"), await huey.putIfEmpty("key", 1), await huey.delete("key")], [
    undefined,
    false,
    true,
  ]);
});

onEveryStorage("null, false, 0 and nothing are values", async ({ huey }) => {
  for (const value of [null, false, 0, ""]) {
    await huey.put("key", value);
    assertEquals([await huey.get("key"), await huey.pop("key"), await huey.get("key")], [value, value, undefined]);
  }
});

onEveryStorage("put replaces, pop takes, delete removes", async ({ huey }) => {
  await huey.put("key", 1);
  await huey.put("key", 2);
  assertEquals([await huey.pop("key"), await huey.pop("key")], [2, undefined]);
  await huey.put("key", 3);
  assertEquals([await huey.delete("key"), await huey.delete("key"), await huey.get("key")], [true, false, undefined]);
});

onEveryStorage("of many who put a key if it is empty one does", async ({ huey, another }) => {
  const other = another();
  const done = await Promise.all(
    Array.from({ length: 10 }, (_, i) => (i % 2 ? huey : other).putIfEmpty("key", i)),
  );
  assertEquals(done.filter((put) => put).length, 1);
  assertEquals(await huey.get("key"), done.indexOf(true));
});

onEveryStorage("of many who pop a key one gets it", async ({ huey, another }) => {
  const other = another();
  await huey.put("key", "value");
  const popped = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? huey : other).pop("key")));
  assertEquals(popped.filter((value) => value !== undefined), ["value"]);
});

onEveryStorage("a value is kept as long as its ttl says", async ({ huey, clock }) => {
  await huey.put("key", 1, { ttl: "1m" });
  await clock.advance("59999ms");
  assertEquals([await huey.get("key"), await huey.putIfEmpty("key", 2)], [1, false]);
  await clock.advance("1ms");
  assertEquals([await huey.get("key"), await huey.delete("key")], [undefined, false]);
  assertEquals(await huey.putIfEmpty("key", 3, { ttl: 10 }), true);
  await clock.advance("10s");
  assertEquals(await huey.pop("key"), undefined);
});

onEveryStorage("a value that is put again without a ttl stays", async ({ huey, clock }) => {
  await huey.put("key", 1, { ttl: "1m" });
  await huey.put("key", 2);
  await clock.advance("1h");
  assertEquals(await huey.get("key"), 2);
});

onEveryStorage("keys are apart from results and revocations", async ({ huey }) => {
  const result = await huey.task("work", () => "done").schedule([], { id: "same" });
  await huey.put("same", "mine");
  await huey.put("id:same", "mine");
  await huey.drain();
  assertEquals([await result.get({ preserve: false }), await huey.get("same")], ["done", "mine"]);
  assertEquals(await huey.isRevoked("same"), false);
  await huey.flush("results");
  assertEquals(await huey.get("same"), "mine");
  await huey.flush();
  assertEquals(await huey.get("same"), undefined);
});

onEveryStorage("a key may be any text", async ({ huey }) => {
  const keys = ["", " ", "a b", "__proto__", "ä:/\n{}%", "x".repeat(1_000)];
  for (const key of keys) await huey.put(key, key);
  for (const key of keys) assertEquals(await huey.get(key), key);
});

onEveryStorage("nonsense for a key's time is refused", async ({ huey }) => {
  await assertRejects(() => huey.put("key", 1, { ttl: "5 min" as never }), TypeError, "'ttl'");
  await assertRejects(() => huey.putIfEmpty("key", 1, { ttl: -1 }), RangeError, "'ttl'");
  assertEquals(await huey.get("key"), undefined);
});
