import { type Case, holds, ids, LEASE, message, same } from "./contract_bench.ts";

function prioritised(priorities: number[]) {
  return priorities.map((priority, i) => message(`${i}`, { priority }));
}

/** What is handed out, and in which order. */
export const claimCases: readonly Case[] = [
  {
    name: "answers an empty exchange with nothing",
    run: async (bench) => {
      const expected = { now: bench.now, settled: [], enqueued: [], deliveries: [], recovered: 0, promoted: 0 };
      same(await bench.exchange({}), expected, "the answer");
    },
  },
  {
    name: "answers a claim with nothing, and no next instant, where there is nothing",
    run: async (bench) => {
      const expected = { now: bench.now, settled: [], enqueued: [], deliveries: [], recovered: 0, promoted: 0 };
      same(await bench.exchange({ claim: { limit: 5, lease: LEASE } }), expected, "the answer");
    },
  },
  {
    name: "hands out nothing, and tells no next instant, without a claim",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b", { delay: 5 }));
      const exchanged = await bench.exchange({});
      same([exchanged.deliveries, exchanged.next], [[], undefined], "the deliveries and the next instant");
    },
  },
  {
    name: "uses a time of its own where none is given",
    run: async (bench) => {
      const { now } = await bench.storage.exchange({ enqueue: [message("a")] });
      holds(Math.abs(now - Date.now()) < 60_000, `expected a time within a minute of ${Date.now()}, but it is ${now}`);
      const { deliveries } = await bench.storage.exchange({ claim: { limit: 1, lease: LEASE } });
      same(ids(deliveries), ["a"], "what is handed out");
    },
  },
  {
    name: "hands out first in, first out, across requests",
    run: async (bench) => {
      await bench.enqueue(message("c"));
      await bench.enqueue(message("a"), message("d"));
      await bench.enqueue(message("b"));
      same(ids(await bench.claim()), ["c", "a", "d", "b"], "what is handed out");
    },
  },
  {
    name: "hands out first in, first out, whatever the time says",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      bench.now -= 5_000;
      await bench.enqueue(message("b"));
      same(ids(await bench.claim()), ["a", "b"], "what is handed out");
    },
  },
  {
    name: "hands out the higher priority first",
    run: async (bench) => {
      await bench.enqueue(...prioritised([1, 10, 5, 100]));
      same(ids(await bench.claim()), ["3", "1", "2", "0"], "what is handed out");
    },
  },
  {
    name: "hands out a negative priority last",
    run: async (bench) => {
      await bench.enqueue(...prioritised([-1, 0, -100, 1]));
      same(ids(await bench.claim()), ["3", "1", "0", "2"], "what is handed out");
    },
  },
  {
    name: "tells fractional priorities apart",
    run: async (bench) => {
      await bench.enqueue(...prioritised([0.1, 0.3, 0.2, 0.1 + 0.2, 1 + Number.EPSILON, 1, Number.MIN_VALUE, 0]));
      same(ids(await bench.claim()), ["4", "5", "3", "1", "2", "0", "6", "7"], "what is handed out");
    },
  },
  {
    name: "tells huge priorities apart",
    run: async (bench) => {
      const { MAX_VALUE, MAX_SAFE_INTEGER } = Number;
      await bench.enqueue(
        ...prioritised([-MAX_VALUE, 1e300, MAX_SAFE_INTEGER, MAX_VALUE, MAX_SAFE_INTEGER - 1, -1e300]),
      );
      same(ids(await bench.claim()), ["3", "1", "2", "4", "5", "0"], "what is handed out");
    },
  },
  {
    name: "gives a priority back as it was",
    run: async (bench) => {
      await bench.enqueue(...prioritised([1e300, 0.1, -2.5]));
      const priorities = (await bench.claim()).map((delivery) => delivery.message.priority);
      same(priorities, [1e300, 0.1, -2.5], "the priorities");
    },
  },
  {
    name: "hands out first in, first out, within one priority",
    run: async (bench) => {
      await bench.enqueue(...prioritised([5, 1, 5, 1, 5]));
      await bench.enqueue(message("late", { priority: 5 }));
      same(ids(await bench.claim()), ["0", "2", "4", "late", "1", "3"], "what is handed out");
    },
  },
  {
    name: "takes an absent priority, 0 and -0 for the same",
    run: async (bench) => {
      await bench.enqueue(message("a", { priority: 0 }), message("b"), message("c", { priority: -0 }), message("d"));
      same(ids(await bench.claim()), ["a", "b", "c", "d"], "what is handed out");
    },
  },
  {
    name: "hands out no more than the limit, and the rest later",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      same(ids(await bench.claim(2)), ["a", "b"], "what is handed out first");
      same(ids(await bench.claim(2)), ["c"], "what is handed out then");
    },
  },
  {
    name: "hands out nothing at a limit of 0, and leaves the queue as it is",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      same(ids(await bench.claim(0)), [], "what is handed out");
      same(await bench.stateOf("a"), "queued", "the state");
    },
  },
  {
    name: "promotes and recovers at a limit of 0 too",
    run: async (bench) => {
      await bench.start(message("a"));
      await bench.enqueue(message("b", { delay: LEASE }));
      bench.now += LEASE;
      const { deliveries, promoted, recovered } = await bench.exchange({ claim: { limit: 0, lease: LEASE } });
      same([deliveries, promoted, recovered], [[], 1, 1], "the deliveries, the promoted and the recovered");
      same((await bench.storage.counts(bench.now)).queued, 2, "how many are queued");
    },
  },
  {
    name: "hands out a message once",
    run: async (bench) => {
      await bench.start(message("a"));
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "hands out in the same request what is added by it",
    run: async (bench) => {
      const { deliveries } = await bench.exchange({ enqueue: [message("a")], claim: { limit: 1, lease: LEASE } });
      same(ids(deliveries), ["a"], "what is handed out");
    },
  },
  {
    name: "settles before it adds, and adds before it claims",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const again = message("a", { body: "again" });
      const exchanged = await bench.exchange({
        settle: [{ receipt }],
        enqueue: [again],
        claim: { limit: 1, lease: LEASE },
      });
      same(exchanged.settled, [true], "what is settled");
      same(exchanged.enqueued, [{ id: "a", added: true }], "what is added");
      same(exchanged.deliveries.map((delivery) => delivery.message.body), ["again"], "the bodies handed out");
    },
  },
  {
    name: "never uses a receipt twice",
    run: async (bench) => {
      const receipts = new Set<string>();
      for (let i = 0; i < 20; i++) {
        await bench.enqueue(message("a"), message("b"));
        const deliveries = await bench.claim();
        deliveries.forEach(({ receipt }) => receipts.add(receipt));
        const [a, b] = deliveries;
        await bench.accept(
          { receipt: a.receipt },
          i % 2 ? { receipt: b.receipt } : { receipt: b.receipt, release: {} },
        );
      }
      same(receipts.size, 40, "the number of different receipts");
    },
  },
];
