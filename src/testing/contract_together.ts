import type { Storage } from "../storage.ts";
import { type Case, holds, ids, LEASE, message, same } from "./contract_bench.ts";

async function fails(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation();
    return false;
  } catch {
    return true;
  }
}

/** Each operation once. */
function operations(storage: Storage, now: number): Record<string, () => Promise<unknown>> {
  return {
    exchange: () => storage.exchange({ now, enqueue: [message("x")], claim: { limit: 1, lease: LEASE } }),
    renew: () => storage.renew(["a", "b"], LEASE, now),
    find: () => storage.find("x", now),
    list: () => storage.list("queued", { now }),
    counts: () => storage.counts(now),
    flush: () => storage.flush(["queued", "results"]),
    put: () => storage.put("keys", "a", "1", { now }),
    peek: () => storage.peek("keys", ["a", "b"], now),
    pop: () => storage.pop("keys", "a", now),
    delete: () => storage.delete("keys", "a", { now }),
    increment: () => storage.increment("limits", "a", 1, { now }),
  };
}

/** Several at once, the whole of a storage's life, and the whole of a task's. */
export const togetherCases: readonly Case[] = [
  {
    name: "hands each message to one of several storages of the name that compete for it",
    run: async (bench) => {
      const storages = [bench.storage, await bench.again(), await bench.again()];
      await bench.enqueue(...Array.from({ length: 200 }, (_, i) => message(`m${i}`)));
      const taken: string[] = [];
      await Promise.all(storages.map(async (storage) => {
        for (let claims = 0; claims < 200; claims++) {
          const exchanged = await storage.exchange({ now: bench.now, claim: { limit: 3, lease: LEASE } });
          if (exchanged.deliveries.length === 0) return;
          taken.push(...ids(exchanged.deliveries));
          const settle = exchanged.deliveries.map(({ receipt }) => ({ receipt }));
          const { settled } = await storage.exchange({ now: bench.now, settle });
          same(settled.every(Boolean), true, "whether all is settled");
        }
      }));
      same(taken.length, 200, "the number of messages that were handed out");
      same(new Set(taken).size, 200, "the number of different messages that were handed out");
    },
  },
  {
    name: "settles and adds many in one request, and refuses only those among them that are to be refused",
    run: async (bench) => {
      const { now, storage } = bench;
      await bench.enqueue(...Array.from({ length: 70 }, (_, i) => message(`m${i}`)));
      const deliveries = [...await bench.claim(40), ...await bench.claim(30)];
      const [there, dead, stale] = deliveries;
      const freed = await storage.exchange({
        now,
        settle: [{ receipt: dead.receipt, bury: "note" }, { receipt: stale.receipt, release: {} }],
      });
      same(freed.settled, [true, true], "whether one was buried and one given back");
      const settle = [...deliveries.slice(2), deliveries[69]].map(({ receipt, message: { id } }, i) => ({
        receipt,
        writes: [{ space: "results" as const, key: id, value: `${i}` }],
      }));
      const added = [there.message.id, dead.message.id, "new", "new"].map((id) => message(id));
      const others = Array.from({ length: 70 }, (_, i) => message(`n${i}`));
      const answer = await storage.exchange({ now, settle, enqueue: [...others, ...added] });
      // Refused: the one that was given back, and the second of two with one receipt.
      same(answer.settled.map((accepted, i) => accepted ? -1 : i).filter((i) => i >= 0), [0, 68], "what was refused");
      same(answer.enqueued.slice(70).map((one) => one.added), [false, true, true, false], "what was added");
      same(answer.enqueued.slice(0, 70).every((one) => one.added), true, "whether all others were added");
      const [kept, refused] = await storage.peek("results", [deliveries[69].message.id, stale.message.id], now);
      same([kept, refused], ["67", undefined], "the results");
      const expected = [stale.message.id, ...others.map(({ id }) => id), dead.message.id, "new"];
      same(ids(await bench.claim(100)), expected, "what is handed out, in its order");
    },
  },
  {
    name: "applies exchanges that are sent at once each as a whole",
    run: async (bench) => {
      const sent = Array.from({ length: 50 }, (_, i) => bench.enqueue(message(`m${i}`), message("shared")));
      const answers = await Promise.all(sent);
      same(answers.filter(([own]) => own.added).length, 50, "how many own messages were added");
      same(answers.filter(([, shared]) => shared.added).length, 1, "how many added the shared message");
      same(ids(await bench.claim(100)).length, 51, "the number of messages that are handed out");
    },
  },
  {
    name: "settles a delivery once, however many settle it at once",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const again = await bench.again();
      const settle = Array.from({ length: 10 }, (_, i) => ({
        receipt,
        writes: [{ space: "results" as const, key: `${i}`, value: "1" }],
      }));
      const answers = await Promise.all(
        settle.map((each, i) => (i % 2 ? again : bench.storage).exchange({ now: bench.now, settle: [each] })),
      );
      same(answers.filter(({ settled }) => settled[0]).length, 1, "how many were accepted");
      same((await bench.storage.counts(bench.now)).results, 1, "the number of results");
    },
  },
  {
    name: "lets one of several win a put if absent",
    run: async (bench) => {
      const storages = [bench.storage, await bench.again()];
      const put = (i: number) => storages[i % 2].put("locks", "a", `${i}`, { ifAbsent: true, now: bench.now });
      const won = await Promise.all(Array.from({ length: 20 }, (_, i) => put(i)));
      same(won.filter(Boolean).length, 1, "how many have won");
      same(await bench.storage.peek("locks", ["a"], bench.now), [`${won.indexOf(true)}`], "the value");
    },
  },
  {
    name: "lets one of several pop a value",
    run: async (bench) => {
      const storages = [bench.storage, await bench.again()];
      await bench.storage.put("keys", "a", "1", { now: bench.now });
      const popped = await Promise.all(
        Array.from({ length: 20 }, (_, i) => storages[i % 2].pop("keys", "a", bench.now)),
      );
      same(popped.filter((value) => value !== undefined), ["1"], "what was popped");
    },
  },
  {
    name: "loses no increment of several at once",
    run: async (bench) => {
      const storages = [bench.storage, await bench.again()];
      const sums = await Promise.all(
        Array.from({ length: 60 }, (_, i) => storages[i % 2].increment("limits", "a", 1, { now: bench.now })),
      );
      same(sums.toSorted((a, b) => a - b), Array.from(sums, (_, i) => i + 1), "the sums");
    },
  },
  {
    name: "lets one of several add a message of a unique key",
    run: async (bench) => {
      const storages = [bench.storage, await bench.again()];
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
        storages[i % 2].exchange({
          now: bench.now,
          enqueue: [message(`m${i}`, { unique: { key: "k" } })],
        })));
      const added = answers.filter(({ enqueued }) => enqueued[0].added);
      same(added.length, 1, "how many were added");
      const holders = new Set(answers.map(({ enqueued }) => enqueued[0].id));
      same([...holders], [added[0]?.enqueued[0].id], "who holds the key, by all answers");
    },
  },
  {
    name: "shows one storage's messages to another of the name",
    run: async (bench) => {
      const again = await bench.again();
      await bench.enqueue(message("a"));
      const { deliveries } = await again.exchange({ now: bench.now, claim: { limit: 1, lease: LEASE } });
      same(ids(deliveries), ["a"], "what the other is handed out");
      await bench.accept({ receipt: deliveries[0].receipt });
      same(await again.find("a", bench.now), undefined, "what the other finds");
    },
  },
  {
    name: "counts one request for each operation",
    run: async (bench) => {
      const { storage } = bench;
      // Once each, since a first request may cost more, where something is set up.
      for (const operation of Object.values(operations(storage, bench.now))) await operation();
      for (const [name, operation] of Object.entries(operations(storage, bench.now))) {
        const before = storage.requests;
        await operation();
        same(storage.requests - before, 1, `the requests of ${name}`);
      }
    },
  },
  {
    name: "counts one request for an exchange of everything",
    run: async (bench) => {
      await bench.enqueue(...Array.from({ length: 20 }, (_, i) => message(`m${i}`)));
      const settle = (await bench.claim(20)).map(({ receipt, message: { id } }) => ({
        receipt,
        writes: [{ space: "results" as const, key: id, value: "1", ttl: 1_000 }],
        enqueue: [message(`after ${id}`)],
      }));
      const before = bench.storage.requests;
      await bench.exchange({ request: "r", settle, enqueue: [message("a")], claim: { limit: 50, lease: LEASE } });
      same(bench.storage.requests - before, 1, "the requests");
    },
  },
  {
    name: "may be closed twice, and throws when it is used afterwards",
    run: async (bench) => {
      const { storage } = bench;
      await bench.enqueue(message("a"));
      if (!storage.close) return;
      await storage.close();
      await storage.close();
      for (const [name, operation] of Object.entries(operations(storage, bench.now))) {
        holds(await fails(operation), `expected ${name} to throw after close, but it does not`);
      }
    },
  },
  {
    name: "leaves the other storages of its name open when it is closed",
    run: async (bench) => {
      const again = await bench.again();
      await bench.enqueue(message("a"));
      await again.close?.();
      same(ids(await bench.claim()), ["a"], "what is handed out");
    },
  },
  {
    name: "carries a task through its life: delayed, lost, retried, followed, counted, read",
    run: async (bench) => {
      const { storage } = bench;
      await bench.enqueue(message("callback", { parts: 1 }));
      await bench.enqueue(message("first", { delay: 1_000, priority: 5, unique: { key: "job" } }));
      bench.now += 1_000;
      await bench.claimOne();
      bench.now += LEASE;
      const second = await bench.claimOne();
      same(second.deliveries, 2, "the deliveries after a lapse");
      await bench.accept({ receipt: second.receipt, retry: message("first", { body: "attempt 2", delay: 500 }) });
      bench.now += 500;
      const third = await bench.claimOne();
      same([third.message.body, third.deliveries], ["attempt 2", 1], "the body and the deliveries of the retry");
      await bench.accept({
        receipt: third.receipt,
        writes: [{ space: "results", key: "first", value: "3", ttl: 60_000 }],
        enqueue: [message("next", { unique: { key: "job" } })],
      });
      const next = await bench.claimOne();
      same(next.message.id, "next", "what follows");
      await bench.refuse({ receipt: third.receipt }, { receipt: second.receipt });
      await bench.accept({ receipt: next.receipt, joins: [{ id: "callback", index: 0, value: "4" }] });
      const callback = await bench.claimOne();
      same(callback.parts, ["4"], "the parts of the callback");
      await bench.accept({ receipt: callback.receipt });
      same(await storage.peek("results", ["first"], bench.now), ["3"], "the result");
      const counts = { queued: 0, scheduled: 0, waiting: 0, running: 0, dead: 0, results: 1 };
      same(await storage.counts(bench.now), counts, "the counts");
    },
  },
];
