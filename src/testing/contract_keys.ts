import type { Space } from "../storage.ts";
import { type Case, same } from "./contract_bench.ts";
import { ODD_STRINGS } from "./contract_enqueue.ts";

const SPACES: Space[] = [
  ...["results", "progress", "revoked", "locks", "limits", "keys", "schedules", "workers", "history"] as const,
];

/** The key/value set, but for the time to live. */
export const keyCases: readonly Case[] = [
  {
    name: "puts a value and peeks at it without removing it",
    run: async ({ storage, now }) => {
      same(await storage.put("keys", "a", "1", { now }), true, "the answer to put");
      same(await storage.peek("keys", ["a"], now), ["1"], "the value");
      same(await storage.peek("keys", ["a"], now), ["1"], "the value, a second time");
    },
  },
  {
    name: "peeks at several keys in the order they are asked for, a missing one being undefined",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { now });
      await storage.put("keys", "b", "2", { now });
      const values = await storage.peek("keys", ["b", "missing", "a", "b"], now);
      same(values, ["2", undefined, "1", "2"], "the values");
      same(await storage.peek("keys", [], now), [], "the values of no keys");
    },
  },
  {
    name: "overwrites a value",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { now });
      same(await storage.put("keys", "a", "2", { now }), true, "the answer to put");
      same(await storage.peek("keys", ["a"], now), ["2"], "the value");
    },
  },
  {
    name: "gives back the same strings, whatever they look like",
    run: async ({ storage, now }) => {
      for (const value of ODD_STRINGS) await storage.put("keys", `value ${value}`, value, { now });
      const keys = ODD_STRINGS.map((value) => `value ${value}`);
      same(await storage.peek("keys", keys, now), [...ODD_STRINGS], "the values");
      for (const value of ODD_STRINGS) {
        same(await storage.pop("keys", `value ${value}`, now), value, "the popped value");
      }
    },
  },
  {
    name: "takes any string for a key",
    run: async ({ storage, now }) => {
      for (const key of ODD_STRINGS) await storage.put("keys", key, `of ${key}`, { now });
      same(await storage.peek("keys", [...ODD_STRINGS], now), ODD_STRINGS.map((key) => `of ${key}`), "the values");
    },
  },
  {
    name: "keeps a value of 100 kB",
    run: async ({ storage, now }) => {
      const value = "😀1234".repeat(12_500);
      await storage.put("keys", "a", value, { now });
      same((await storage.peek("keys", ["a"], now))[0] === value, true, "whether the value is the same");
    },
  },
  {
    name: "tells the empty string from a missing value",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "", { now });
      same(await storage.peek("keys", ["a"], now), [""], "the value");
      same(await storage.put("keys", "a", "1", { ifAbsent: true, now }), false, "the answer to put if absent");
      same(await storage.put("keys", "a", "1", { ifValue: "", now }), true, "the answer to put if empty");
      same(await storage.put("keys", "b", "1", { ifValue: "", now }), false, "the answer to put if empty, of none");
      await storage.put("keys", "a", "", { now });
      same(await storage.pop("keys", "a", now), "", "the popped value");
    },
  },
  {
    name: "puts if absent only where there is no such key",
    run: async ({ storage, now }) => {
      same(await storage.put("locks", "a", "1", { ifAbsent: true, now }), true, "the first answer");
      same(await storage.put("locks", "a", "2", { ifAbsent: true, now }), false, "the second answer");
      same(await storage.peek("locks", ["a"], now), ["1"], "the value");
      await storage.delete("locks", "a", { now });
      same(await storage.put("locks", "a", "3", { ifAbsent: true, now }), true, "the answer once it is deleted");
    },
  },
  {
    name: "puts if the value is the same only where it is",
    run: async ({ storage, now }) => {
      same(await storage.put("locks", "a", "2", { ifValue: "1", now }), false, "the answer where there is none");
      same(await storage.peek("locks", ["a"], now), [undefined], "the value where there is none");
      await storage.put("locks", "a", "1", { now });
      same(await storage.put("locks", "a", "2", { ifValue: "other", now }), false, "the answer where it is another");
      same(await storage.put("locks", "a", "2", { ifValue: "1", now }), true, "the answer where it is the same");
      same(await storage.peek("locks", ["a"], now), ["2"], "the value");
    },
  },
  {
    name: "pops a value once",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { now });
      same(await storage.pop("keys", "a", now), "1", "the first");
      same(await storage.pop("keys", "a", now), undefined, "the second");
      same(await storage.peek("keys", ["a"], now), [undefined], "the value");
    },
  },
  {
    name: "deletes a key, and tells whether there was one",
    run: async ({ storage, now }) => {
      await storage.put("keys", "a", "1", { now });
      same(await storage.delete("keys", "a", { now }), true, "the first answer");
      same(await storage.delete("keys", "a", { now }), false, "the second answer");
      same(await storage.peek("keys", ["a"], now), [undefined], "the value");
    },
  },
  {
    name: "deletes if the value is the same only where it is",
    run: async ({ storage, now }) => {
      await storage.put("locks", "a", "mine", { now });
      same(await storage.delete("locks", "a", { ifValue: "yours", now }), false, "the answer for another value");
      same(await storage.peek("locks", ["a"], now), ["mine"], "the value");
      same(await storage.delete("locks", "a", { ifValue: "mine", now }), true, "the answer for the same value");
      same(await storage.delete("locks", "a", { ifValue: "mine", now }), false, "the answer where there is none");
    },
  },
  {
    name: "deletes an empty value if it is empty",
    run: async ({ storage, now }) => {
      await storage.put("locks", "a", "", { now });
      same(await storage.delete("locks", "a", { ifValue: "", now }), true, "the answer");
    },
  },
  {
    name: "keeps the spaces apart",
    run: async ({ storage, now }) => {
      for (const space of SPACES) await storage.put(space, "a", `in ${space}`, { now });
      await storage.delete("locks", "a", { now });
      for (const space of SPACES) {
        const expected = space === "locks" ? undefined : `in ${space}`;
        same(await storage.peek(space, ["a"], now), [expected], `the value in ${space}`);
      }
    },
  },
  {
    name: "keeps names apart",
    run: async (bench) => {
      const { storage, now } = bench;
      const other = await bench.elsewhere();
      await storage.put("keys", "a", "1", { now });
      same(await other.peek("keys", ["a"], now), [undefined], "the value under another name");
      await other.put("keys", "a", "2", { now });
      same(await other.increment("limits", "a", 5, { now }), 5, "the counter under another name");
      same(await storage.increment("limits", "a", 1, { now }), 1, "the counter");
      await other.flush(["keys", "limits"]);
      same(await storage.peek("keys", ["a"], now), ["1"], "the value");
    },
  },
  {
    name: "shows one name's values to all storages of the name",
    run: async (bench) => {
      await bench.storage.put("keys", "a", "1", { now: bench.now });
      const again = await bench.again();
      same(await again.pop("keys", "a", bench.now), "1", "the value");
      same(await bench.storage.peek("keys", ["a"], bench.now), [undefined], "the value once it is popped");
    },
  },
  {
    name: "counts from 0, by whole numbers of either sign",
    run: async ({ storage, now }) => {
      const sums: number[] = [];
      for (const by of [1, 1, 5, -10, 0, 3]) sums.push(await storage.increment("limits", "a", by, { now }));
      same(sums, [1, 2, 7, -3, -3, 0], "the sums");
      same(await storage.increment("limits", "b", 0, { now }), 0, "the sum of nothing");
      same(await storage.peek("limits", ["a", "b"], now), ["0", "0"], "the counters as values");
    },
  },
  {
    name: "counts beyond 32 bits",
    run: async ({ storage, now }) => {
      await storage.increment("limits", "a", 2 ** 40, { now });
      same(await storage.increment("limits", "a", 2 ** 40 + 1, { now }), 2 ** 41 + 1, "the sum");
      same(await storage.peek("limits", ["a"], now), [String(2 ** 41 + 1)], "the counter as a value");
    },
  },
  {
    name: "goes on counting from a decimal number that was put",
    run: async ({ storage, now }) => {
      await storage.put("limits", "a", "-7", { now });
      same(await storage.increment("limits", "a", 10, { now }), 3, "the sum");
    },
  },
  {
    name: "uses a time of its own where none is given, for values too",
    run: async ({ storage }) => {
      same(await storage.put("keys", "a", "1", { ttl: 600_000, ifAbsent: true }), true, "the answer to put");
      same(await storage.increment("limits", "a", 1, { ttl: 600_000 }), 1, "the counter");
      same(await storage.peek("keys", ["a"]), ["1"], "the value");
      same(await storage.delete("keys", "a"), true, "the answer to delete");
      same(await storage.pop("limits", "a"), "1", "the popped counter");
    },
  },
];
