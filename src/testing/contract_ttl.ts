import { ODD_STRINGS } from "./contract_enqueue.ts";
import { type Case, message, same } from "./contract_bench.ts";

/** How long a value lives. */
export const ttlCases: readonly Case[] = [
  {
    name: "keeps a value without a time to live for good",
    run: async (bench) => {
      await bench.storage.put("results", "a", "1", { now: bench.now });
      bench.now += 100 * 365 * 86_400_000;
      same(await bench.result("a"), "1", "the value");
    },
  },
  {
    name: "forgets a value when its time to live is over, and not a millisecond before",
    run: async (bench) => {
      const { storage } = bench;
      await storage.put("results", "a", "1", { ttl: 1_000, now: bench.now });
      bench.now += 999;
      same(await bench.result("a"), "1", "the value before");
      same((await storage.counts(bench.now)).results, 1, "the count before");
      bench.now += 1;
      same((await storage.counts(bench.now)).results, 0, "the count after");
      same(await bench.result("a"), undefined, "the value after");
    },
  },
  {
    name: "does not pop or delete what has expired",
    run: async ({ storage, now }) => {
      for (const key of ["a", "b", "c"]) await storage.put("keys", key, "1", { ttl: 10, now });
      same(await storage.pop("keys", "a", now + 10), undefined, "the popped value");
      same(await storage.delete("keys", "b", { now: now + 10 }), false, "the answer to delete");
      same(await storage.delete("keys", "c", { ifValue: "1", now: now + 10 }), false, "the answer to delete if");
    },
  },
  {
    name: "judges conditions by what has expired",
    run: async ({ storage, now }) => {
      await storage.put("locks", "a", "1", { ttl: 10, now });
      await storage.put("locks", "b", "1", { ttl: 10, now });
      same(await storage.put("locks", "a", "2", { ifAbsent: true, now: now + 9 }), false, "put if absent before");
      same(await storage.put("locks", "a", "2", { ifAbsent: true, now: now + 10 }), true, "put if absent after");
      same(await storage.put("locks", "b", "2", { ifValue: "1", now: now + 10 }), false, "put if the same after");
      same(await storage.peek("locks", ["a", "b"], now + 10), ["2", undefined], "the values");
    },
  },
  {
    name: "forgets an earlier time to live when a value is put without one",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { ttl: 10, now });
      await storage.put("keys", "a", "2", { now });
      same(await storage.peek("keys", ["a"], now + 1_000), ["2"], "the value");
    },
  },
  {
    name: "counts a new time to live from the later put",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { ttl: 10, now });
      await storage.put("keys", "a", "1", { ttl: 10, ifValue: "1", now: now + 9 });
      same(await storage.peek("keys", ["a"], now + 18), ["1"], "the value before");
      same(await storage.peek("keys", ["a"], now + 19), [undefined], "the value after");
    },
  },
  {
    name: "keeps a value's time to live when a conditional put is refused",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { ttl: 10, now });
      await storage.put("keys", "a", "2", { ifAbsent: true, now: now + 5 });
      await storage.put("keys", "a", "2", { ifValue: "other", ttl: 1_000, now: now + 5 });
      same(await storage.peek("keys", ["a"], now + 9), ["1"], "the value before");
      same(await storage.peek("keys", ["a"], now + 10), [undefined], "the value after");
    },
  },
  {
    name: "lets a counter live from its first increment on, and does not prolong it",
    run: async ({ storage, now }) => {
      same(await storage.increment("limits", "a", 1, { ttl: 100, now }), 1, "the first sum");
      same(await storage.increment("limits", "a", 1, { ttl: 100, now: now + 60 }), 2, "the second sum");
      same(await storage.increment("limits", "a", 1, { ttl: 100, now: now + 99 }), 3, "the third sum");
      same(await storage.increment("limits", "a", 1, { ttl: 100, now: now + 100 }), 1, "the sum once it has expired");
      same(await storage.peek("limits", ["a"], now + 199), ["1"], "the new counter before");
      same(await storage.peek("limits", ["a"], now + 200), [undefined], "the new counter after");
    },
  },
  {
    name: "gives a counter that has no time to live none later",
    run: async ({ storage, now }) => {
      await storage.increment("limits", "a", 1, { now });
      await storage.increment("limits", "a", 1, { ttl: 10, now });
      same(await storage.peek("limits", ["a"], now + 1_000), ["2"], "the counter");
    },
  },
  {
    name: "keeps a counter's time to live when it is increased without one",
    run: async ({ storage, now }) => {
      await storage.increment("limits", "a", 1, { ttl: 10, now });
      await storage.increment("limits", "a", 1, { now });
      same(await storage.peek("limits", ["a"], now + 10), [undefined], "the counter");
    },
  },
  {
    name: "counts only results that have not expired",
    run: async (bench) => {
      const { storage, now } = bench;
      for (let i = 0; i < 5; i++) await storage.put("results", `${i}`, "1", { ttl: 10 * (i + 1), now });
      await storage.put("results", "for good", "1", { now });
      await storage.put("progress", "a", "1", { now });
      same((await storage.counts(now + 29)).results, 4, "the results");
      same((await storage.counts(now + 1_000)).results, 1, "the results that stay");
    },
  },
  {
    name: "gives all entries of a space that have not expired, and those of no other",
    run: async (bench) => {
      const { storage, now } = bench;
      const entries = async (at: number) => (await storage.entries("history", at)).sort(([a], [b]) => a < b ? -1 : 1);
      same(await entries(now), [], "the entries of an empty space");
      const large = "😀1234".repeat(12_500);
      await storage.put("history", "a", "1", { ttl: 10, now });
      await storage.put("history", "b", large, { ttl: 20, now });
      await storage.put("history", "c", "", { now });
      await storage.put("workers", "d", "4", { now });
      const other = await bench.elsewhere();
      await other.put("history", "e", "5", { now });
      same(await entries(now + 9), [["a", "1"], ["b", large], ["c", ""]], "the entries");
      same(await entries(now + 10), [["b", large], ["c", ""]], "the entries once one has expired");
      for (const odd of ODD_STRINGS) await storage.put("keys", odd, odd, { now });
      const pairs = await storage.entries("keys", now);
      const expected = new Map(ODD_STRINGS.map((odd) => [odd, odd]));
      same(pairs.length, expected.size, "the number of odd entries");
      same(pairs.every(([key, value]) => expected.get(key) === value), true, "whether odd entries come back as put");
    },
  },
  {
    name: "keeps what lives when much else has expired",
    run: async (bench) => {
      const many = Array.from({ length: 500 }, (_, i) => message(`m${i}`));
      await bench.enqueue(...many);
      await bench.accept(...(await bench.claim(500)).map(({ receipt, message: { id } }, i) => ({
        receipt,
        writes: [{ space: "results" as const, key: id, value: id, ttl: i % 2 ? 10 : 10_000 }],
      })));
      bench.now += 10;
      for (let i = 0; i < 20; i++) await bench.enqueue(message(`n${i}`));
      const values = await bench.storage.peek("results", many.map(({ id }) => id), bench.now);
      same(values, many.map(({ id }, i) => i % 2 ? undefined : id), "the results");
      same((await bench.storage.counts(bench.now)).results, 250, "the count of results");
    },
  },
];
