import { type Bench, type Case, LEASE, message, same } from "./contract_bench.ts";

/** What there is under an id: the state of its message, its outcome, and how many outcomes there are in all. */
async function under(bench: Bench, id: string): Promise<[state?: string, outcome?: string, results?: number]> {
  const { results } = await bench.storage.counts(bench.now);
  return [await bench.stateOf(id), await bench.result(id), results];
}

function outcome(
  key: string,
  value: string,
  ttl?: number,
): { space: "results"; key: string; value: string; ttl?: number } {
  return { space: "results", key, value, ttl };
}

/** Outcomes and messages of one id, which know nothing of each other. */
export const outcomeCases: readonly Case[] = [
  {
    name: "adds a message of an id that has an outcome, which stays until there is another",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt, writes: [outcome("a", "first")] });
      same(await under(bench, "a"), [undefined, "first", 1], "what is there when it has ended");
      await bench.enqueue(message("b"));
      same(
        await bench.enqueue(message("a"), message("c")),
        [{ id: "a", added: true }, { id: "c", added: true }],
        "answer",
      );
      same(await under(bench, "a"), ["queued", "first", 1], "what is there when it is called again");
      same(await bench.listed("queued"), ["b", "a", "c"], "the queue");
      const [, again] = await bench.claim();
      same([again.message, again.deliveries], [message("a"), 1], "what is handed out");
      await bench.accept({ receipt: again.receipt, writes: [outcome("a", "second")] });
      same(await under(bench, "a"), [undefined, "second", 1], "what is there at the end");
    },
  },
  {
    name: "keeps an outcome when a message of its id ends without one",
    run: async (bench) => {
      const endings = [{}, { bury: "broken" }, { retry: message("a") }, { release: { delay: 5 } }];
      for (const [i, ending] of endings.entries()) {
        await bench.storage.put("results", "a", `${i}`, { now: bench.now });
        await bench.accept({ receipt: (await bench.start(message("a"))).receipt, ...ending });
        const [, value] = await under(bench, "a");
        same(value, `${i}`, "the outcome");
        await bench.storage.flush(["queued", "scheduled", "dead"]);
        same(await under(bench, "a"), [undefined, `${i}`, 1], "what is there after a flush");
      }
    },
  },
  {
    name: "flushes, removes and pops outcomes, and leaves the messages of their ids",
    run: async (bench) => {
      const { storage, now } = bench;
      const removals = [
        () => storage.flush(["results"]),
        () => storage.delete("results", "a", { now }),
        () => storage.pop("results", "a", now),
      ];
      for (const remove of removals) {
        await storage.put("results", "a", "x", { now });
        await bench.enqueue(message("a"));
        same(await storage.entries("results", now), [["a", "x"]], "the entries");
        await remove();
        same(await under(bench, "a"), ["queued", undefined, 0], "what is there");
        same(await storage.entries("results", now), [], "the entries later");
      }
    },
  },
  {
    name: "lets an outcome expire beside a message of its id",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.accept({ receipt, retry: message("a", { delay: 60_000 }), writes: [outcome("a", "x", 1_000)] });
      same(await under(bench, "a"), ["scheduled", "x", 1], "what is there");
      bench.now += 1_000;
      same(await under(bench, "a"), ["scheduled", undefined, 0], "what is there later");
      same(await bench.storage.entries("results", bench.now), [], "the entries");
    },
  },
  {
    name: "keeps the outcome of a dead letter that a message of its id replaces",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a", { parts: 0 }));
      await bench.accept({ receipt, bury: "broken", writes: [outcome("a", "failed")] });
      same(await under(bench, "a"), ["dead", "failed", 1], "what is there");
      await bench.enqueue(message("a", { priority: 3, parts: 1 }));
      same(await under(bench, "a"), ["waiting", "failed", 1], "what is there of the new one");
      const found = await bench.storage.find("a", bench.now);
      same(
        [found?.message, found?.deliveries, found?.note],
        [message("a", { priority: 3, parts: 1 }), 0, undefined],
        "it",
      );
    },
  },
  {
    name: "settles, in one request, ends with outcomes of their own, of others, of both, and of one receipt twice",
    run: async (bench) => {
      await bench.enqueue(...["a", "b", "c", "d"].map((id) => message(id)), message("e", { unique: { key: "e" } }));
      const [a, b, c, d, e] = (await bench.claim()).map(({ receipt }) => receipt);
      const settled = await bench.settle(
        { receipt: a, writes: [outcome("a", "1"), { space: "progress", key: "a", value: "p" }] },
        { receipt: b, writes: [outcome("other", "2")] },
        { receipt: c, writes: [outcome("c", "3"), outcome("beside", "3")] },
        { receipt: c, writes: [outcome("c", "again")] },
        { receipt: e, writes: [outcome("e", "5")] },
        { receipt: d, writes: [outcome("d", "4")] },
        { receipt: d, writes: [outcome("x", "again")] },
        { receipt: "stale", writes: [outcome("stale", "6")] },
      );
      same(settled, [true, true, true, false, true, true, false, false], "what is settled");
      const keys = ["a", "b", "other", "c", "beside", "d", "e", "x", "stale"];
      const values = await bench.storage.peek("results", keys, bench.now);
      same(values, ["1", undefined, "2", "3", "3", "4", "5", undefined, undefined], "the outcomes");
      same(await bench.storage.peek("progress", ["a"], bench.now), ["p"], "the value beside an outcome");
      same((await bench.claim(10, LEASE)).length, 0, "the number of messages that are left");
      same(
        await bench.enqueue(message("f", { unique: { key: "e" } })),
        [{ id: "f", added: true }],
        "what takes the key",
      );
    },
  },
];
