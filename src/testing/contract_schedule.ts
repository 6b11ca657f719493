import { type Case, holds, ids, LEASE, message, same } from "./contract_bench.ts";

const claim = { limit: 10, lease: LEASE };

/** What an eta and a delay do. */
export const scheduleCases: readonly Case[] = [
  {
    name: "hands a message out at its eta and not a millisecond before",
    run: async (bench) => {
      const eta = bench.now + 5_000;
      await bench.enqueue(message("a", { eta }));
      bench.now = eta - 1;
      same(ids(await bench.claim()), [], "what is handed out before");
      bench.now = eta;
      same((await bench.claimOne()).message, message("a", { eta }), "the message");
    },
  },
  {
    name: "takes an eta in the past for now, and keeps it as it was",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b", { eta: bench.now - 60_000 }), message("c", { eta: bench.now }));
      same([await bench.stateOf("b"), await bench.stateOf("c")], ["queued", "queued"], "the states");
      const deliveries = await bench.claim();
      same(ids(deliveries), ["a", "b", "c"], "what is handed out");
      same(deliveries[1].message.eta, bench.now - 60_000, "the eta");
    },
  },
  {
    name: "counts a delay from the moment a message is added, and makes it an eta",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 3_000 }));
      const eta = bench.now + 3_000;
      same((await bench.storage.find("a", bench.now))?.message, message("a", { eta }), "the message that is found");
      bench.now = eta - 1;
      same(ids(await bench.claim()), [], "what is handed out before");
      bench.now = eta;
      same((await bench.claimOne()).message, message("a", { eta }), "the message");
    },
  },
  {
    name: "prefers a delay to an eta",
    run: async (bench) => {
      await bench.enqueue(
        message("a", { delay: 3_000, eta: bench.now + 1 }),
        message("b", { delay: 1, eta: bench.now - 1 }),
      );
      bench.now += 1;
      same(ids(await bench.claim()), ["b"], "what is handed out first");
      bench.now += 2_999;
      same(ids(await bench.claim()), ["a"], "what is handed out then");
    },
  },
  {
    name: "takes a delay of 0 for now",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 0, eta: bench.now + 60_000 }));
      same((await bench.claimOne()).message.eta, bench.now, "the eta");
    },
  },
  {
    name: "promotes the soonest first",
    run: async (bench) => {
      await bench.enqueue(message("c", { delay: 300 }), message("a", { delay: 100 }), message("b", { delay: 200 }));
      bench.now += 1_000;
      same(ids(await bench.claim()), ["a", "b", "c"], "what is handed out");
    },
  },
  {
    name: "promotes messages of one eta in the order they were added",
    run: async (bench) => {
      const eta = bench.now + 100;
      await bench.enqueue(message("c", { eta }), message("a", { eta }));
      await bench.enqueue(message("b", { eta }));
      bench.now = eta;
      same(ids(await bench.claim()), ["c", "a", "b"], "what is handed out");
    },
  },
  {
    name: "promotes to the back of the queue",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 100 }));
      await bench.enqueue(message("b"));
      bench.now += 100;
      await bench.claim(0);
      await bench.enqueue(message("c"));
      same(ids(await bench.claim()), ["b", "a", "c"], "what is handed out");
    },
  },
  {
    name: "promotes to the back of the message's own priority",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 100, priority: 5 }), message("b"), message("c", { priority: 5 }));
      bench.now += 100;
      same(ids(await bench.claim()), ["c", "a", "b"], "what is handed out");
    },
  },
  {
    name: "tells how many it has promoted",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 1 }), message("b", { delay: 1 }), message("c", { delay: 2 }));
      bench.now += 1;
      const first = await bench.exchange({ claim });
      same([first.promoted, first.recovered], [2, 0], "the promoted and the recovered");
      same((await bench.exchange({ claim })).promoted, 0, "the promoted, a second time");
    },
  },
  {
    name: "promotes nothing without a claim",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 1 }));
      bench.now += 1;
      same((await bench.exchange({})).promoted, 0, "the promoted");
      same(await bench.stateOf("a"), "scheduled", "the state of what is due but not moved");
    },
  },
  {
    name: "tells the earliest eta as the next instant",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 500 }), message("b", { delay: 200 }), message("c", { delay: 900 }));
      same((await bench.exchange({ claim })).next, bench.now + 200, "the next instant");
      bench.now += 200;
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      same((await bench.exchange({ claim })).next, bench.now + 300, "the next instant, later");
    },
  },
  {
    name: "tells the end of the soonest lease as the next instant",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c", { delay: LEASE + 1 }));
      same((await bench.exchange({ claim: { limit: 1, lease: 2_000 } })).next, bench.now + 2_000, "the next instant");
      const { next } = await bench.exchange({ claim: { limit: 1, lease: 1_000 } });
      same(next, bench.now + 1_000, "the next instant after a shorter lease");
      const [soonest] = await bench.storage.list("running", { now: bench.now });
      same(soonest.message.id, "b", "whose lease ends first");
    },
  },
  {
    name: "tells no next instant once everything is settled",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a", {}));
      await bench.accept({ receipt });
      same("next" in await bench.exchange({ claim }), false, "whether there is a next instant");
    },
  },
  {
    name: "keeps an eta that is centuries away",
    run: async (bench) => {
      const eta = Date.UTC(2400, 0);
      await bench.enqueue(message("a", { eta }));
      same((await bench.exchange({ claim })).next, eta, "the next instant");
      bench.now = eta - 1;
      same(ids(await bench.claim()), [], "what is handed out before");
      bench.now = eta;
      same(ids(await bench.claim()), ["a"], "what is handed out then");
    },
  },
  {
    name: "promotes any number of due messages, in order, over several claims",
    run: async (bench) => {
      const many = Array.from({ length: 2_500 }, (_, i) => message(`m${i}`, { delay: 1 + (i * 7) % 2_500 }));
      await bench.enqueue(...many);
      bench.now += 2_500;
      const order: string[] = [];
      let promoted = 0;
      for (let claims = 0; order.length < many.length && claims < 2_500; claims++) {
        const exchanged = await bench.exchange({ claim: { limit: 400, lease: LEASE } });
        order.push(...ids(exchanged.deliveries));
        promoted += exchanged.promoted;
        holds(exchanged.deliveries.length > 0, "expected each claim to hand out something, while something is ready");
        const left = promoted < many.length;
        holds(
          !left || exchanged.next! <= bench.now,
          "while due messages are left, the next instant is not in the future",
        );
      }
      const expected = many.toSorted((a, b) => a.delay! - b.delay!).map(({ id }) => id);
      same(order.join(), expected.join(), "the order in which they are handed out");
    },
  },
];
