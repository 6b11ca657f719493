import { type Case, ids, LEASE, message, plain, same } from "./contract_bench.ts";

/** How a delivery ends, and what is done together with it. */
export const settleCases: readonly Case[] = [
  {
    name: "forgets a message that is finished",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt });
      same(await bench.storage.find("a", bench.now), undefined, "what is found");
      const nothing = { queued: 0, scheduled: 0, waiting: 0, running: 0, dead: 0, results: 0 };
      same(await bench.storage.counts(bench.now), nothing, "the counts");
      bench.now += 10 * LEASE;
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "puts a retry in the place of the message, at the back of its priority",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"));
      const [a] = await bench.claim(1);
      await bench.accept({ receipt: a.receipt, retry: { id: "a", name: "other", body: "again" } });
      const [b, retried] = await bench.claim();
      same(b.message.id, "b", "what is handed out first");
      same(plain(retried.message), plain({ id: "a", name: "other", body: "again" }), "the retried message");
    },
  },
  {
    name: "counts the deliveries of a retry anew",
    run: async (bench) => {
      await bench.start(message("a"));
      bench.now += LEASE;
      const second = await bench.claimOne();
      same(second.deliveries, 2, "the deliveries before");
      await bench.accept({ receipt: second.receipt, retry: message("a") });
      same((await bench.storage.find("a", bench.now))?.deliveries, 0, "the deliveries at rest");
      same((await bench.claimOne()).deliveries, 1, "the deliveries after");
    },
  },
  {
    name: "schedules a retry that has an eta or a delay",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"));
      const [a, b] = await bench.claim();
      const eta = bench.now + 2_000;
      await bench.accept(
        { receipt: a.receipt, retry: message("a", { eta }) },
        { receipt: b.receipt, retry: message("b", { delay: 1_000 }) },
      );
      same(await bench.listed("scheduled"), ["b", "a"], "what is scheduled");
      bench.now = eta;
      same(ids(await bench.claim()), ["b", "a"], "what is handed out");
    },
  },
  {
    name: "gives a retry the priority that it brings",
    run: async (bench) => {
      await bench.enqueue(message("a", { priority: 1 }), message("b"), message("c", { priority: -1 }));
      const [a] = await bench.claim(1);
      await bench.accept({ receipt: a.receipt, retry: message("a", { priority: -5 }) });
      same(ids(await bench.claim()), ["b", "c", "a"], "what is handed out");
    },
  },
  {
    name: "forgets the eta of a message that is retried without one",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a", { eta: bench.now - 1 }));
      await bench.accept({ receipt, retry: message("a") });
      same((await bench.claimOne()).message.eta, undefined, "the eta");
    },
  },
  {
    name: "gives a released message its place in the queue again, and does not count the hand-out",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      const [a, b] = await bench.claim(2);
      await bench.accept({ receipt: b.receipt, release: {} }, { receipt: a.receipt, release: {} });
      same((await bench.storage.find("a", bench.now))?.deliveries, 0, "the deliveries at rest");
      const again = await bench.claim();
      same(ids(again), ["a", "b", "c"], "what is handed out");
      same(again.map(({ deliveries }) => deliveries), [1, 1, 1], "the deliveries");
    },
  },
  {
    name: "gives a message that was promoted and released its place again",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 10 }));
      bench.now += 10;
      const { receipt } = await bench.claimOne();
      await bench.enqueue(message("b"));
      await bench.accept({ receipt, release: {} });
      same(ids(await bench.claim()), ["a", "b"], "what is handed out");
    },
  },
  {
    name: "undoes only the last hand-out of a released message",
    run: async (bench) => {
      await bench.start(message("a"));
      bench.now += LEASE;
      const { receipt } = await bench.claimOne();
      await bench.accept({ receipt, release: {} });
      same((await bench.claimOne()).deliveries, 2, "the deliveries");
    },
  },
  {
    name: "keeps what a released message is, but for a new body",
    run: async (bench) => {
      const eta = bench.now - 5;
      await bench.enqueue(message("a", { priority: 2, eta }), message("b", { priority: 2 }));
      const [a, b] = await bench.claim();
      await bench.accept({ receipt: a.receipt, release: { body: "new" } }, { receipt: b.receipt, release: {} });
      const again = (await bench.claim()).map((delivery) => plain(delivery.message));
      const expected = [message("a", { priority: 2, eta, body: "new" }), message("b", { priority: 2 })];
      same(again, expected, "the messages");
    },
  },
  {
    name: "accepts an empty new body",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt, release: { body: "" } });
      same((await bench.claimOne()).message.body, "", "the body");
    },
  },
  {
    name: "schedules a message that is released with an eta or a delay",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"));
      const [a, b] = await bench.claim();
      const eta = bench.now + 500;
      await bench.accept(
        { receipt: a.receipt, release: { eta } },
        { receipt: b.receipt, release: { delay: 100, eta: bench.now + 900 } },
      );
      await bench.enqueue(message("c"));
      same(await bench.listed("scheduled"), ["b", "a"], "what is scheduled");
      same((await bench.claimOne()).message.id, "c", "what is handed out meanwhile");
      bench.now = eta;
      const again = await bench.claim();
      same(again.map((delivery) => delivery.message.eta), [eta - 400, eta], "the etas");
      same(again.map(({ deliveries }) => deliveries), [1, 1], "the deliveries");
    },
  },
  {
    name: "keeps a buried message as a dead letter with its note",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a", { priority: 2 }));
      await bench.accept({ receipt, bury: "it broke" });
      const found = await bench.storage.find("a", bench.now);
      same({ ...found, message: plain(found!.message) }, {
        message: message("a", { priority: 2 }),
        state: "dead",
        deliveries: 1,
        note: "it broke",
      }, "the dead letter");
      bench.now += 10 * LEASE;
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "keeps a dead letter with an empty note",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt, bury: "" });
      same((await bench.storage.list("dead", { now: bench.now })).map(({ note }) => note), [""], "the notes");
    },
  },
  {
    name: "writes and deletes values together with a settlement, in order",
    run: async (bench) => {
      await bench.storage.put("progress", "a", "half", { now: bench.now });
      const { receipt } = await bench.start(message("a"));
      await bench.accept({
        receipt,
        writes: [
          { space: "results", key: "a", value: "1" },
          { space: "results", key: "b", value: "first" },
          { space: "results", key: "b", value: "" },
          { space: "progress", key: "a" },
          { space: "locks", key: "missing" },
        ],
      });
      same(await bench.storage.peek("results", ["a", "b"], bench.now), ["1", ""], "the results");
      same(await bench.storage.peek("progress", ["a"], bench.now), [undefined], "the progress");
    },
  },
  {
    name: "writes values with a time to live together with a settlement",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.storage.put("results", "b", "old", { ttl: 10, now: bench.now });
      await bench.accept({
        receipt,
        writes: [{ space: "results", key: "a", value: "1", ttl: 100 }, { space: "results", key: "b", value: "2" }],
      });
      bench.now += 99;
      same(await bench.storage.peek("results", ["a", "b"], bench.now), ["1", "2"], "the results before");
      bench.now += 1;
      same(await bench.storage.peek("results", ["a", "b"], bench.now), [undefined, "2"], "the results after");
    },
  },
  {
    name: "writes together with every kind of settlement",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      const [a, b, c] = (await bench.claim()).map(({ receipt, message: { id } }) => ({
        receipt,
        writes: [{ space: "results" as const, key: id, value: id }],
        enqueue: [message(`after ${id}`)],
      }));
      await bench.accept({ ...a, retry: message("a", { delay: 1 }) }, { ...b, release: { delay: 1 } }, {
        ...c,
        bury: "",
      });
      same(await bench.storage.peek("results", ["a", "b", "c"], bench.now), ["a", "b", "c"], "the results");
      same(await bench.listed("queued"), ["after a", "after b", "after c"], "what is queued");
    },
  },
  {
    name: "adds the followers of a settlement",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.accept({ receipt, enqueue: [message("b"), message("c", { delay: 10 }), message("d", { parts: 1 })] });
      const states = await Promise.all(["a", "b", "c", "d"].map((id) => bench.stateOf(id)));
      same(states, [undefined, "queued", "scheduled", "waiting"], "the states");
    },
  },
  {
    name: "hands out in the same request what follows a settlement",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const claim = { limit: 5, lease: LEASE };
      const { deliveries } = await bench.exchange({ settle: [{ receipt, enqueue: [message("b")] }], claim });
      same(ids(deliveries), ["b"], "what is handed out");
    },
  },
  {
    name: "accepts a settlement whose follower is there already, and does not add it again",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.enqueue(message("b"));
      await bench.accept({ receipt, enqueue: [message("b", { body: "new" })] });
      same((await bench.claimOne()).message.body, "the body of b", "the body of the follower");
    },
  },
  {
    name: "adds a follower under the id of the message that is finished by the same settlement",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.accept({ receipt, enqueue: [message("a", { body: "next" })] });
      same((await bench.claimOne()).message.body, "next", "the body");
    },
  },
];
