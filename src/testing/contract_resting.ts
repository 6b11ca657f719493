import type { State } from "../storage.ts";
import { type Bench, type Case, ids, LEASE, message, plain, same } from "./contract_bench.ts";

const AT_REST: State[] = ["queued", "scheduled", "waiting", "dead"];

/** One message in each state, its id being the state. */
async function oneOfEach(bench: Bench): Promise<void> {
  await bench.enqueue(message("running"), message("dead"));
  const [, dead] = await bench.claim();
  await bench.accept({ receipt: dead.receipt, bury: "broken" });
  await bench.enqueue(message("queued"), message("scheduled", { delay: 5_000 }), message("waiting", { parts: 2 }));
}

/** How a message at rest ends. */
export const restingCases: readonly Case[] = [
  {
    name: "ends a message at rest in each state",
    run: async (bench) => {
      await oneOfEach(bench);
      for (const id of AT_REST) {
        await bench.accept({ resting: { id, states: [id] }, writes: [{ space: "results", key: id, value: "gone" }] });
        same(await bench.stateOf(id), undefined, `the state of the one that was ${id}`);
        same(await bench.result(id), "gone", `the result of the one that was ${id}`);
      }
    },
  },
  {
    name: "refuses to end a message in another state, whole",
    run: async (bench) => {
      await oneOfEach(bench);
      for (const id of AT_REST) {
        await bench.refuse({
          resting: { id, states: AT_REST.filter((state) => state !== id) },
          writes: [{ space: "results", key: id, value: "gone" }],
          enqueue: [message("follower")],
          joins: [{ id: "waiting", index: 0, value: "x" }, { id: "waiting", index: 1, value: "y" }],
        });
        same(await bench.stateOf(id), id, "the state");
        same(await bench.result(id), undefined, "the result");
      }
      same(await bench.stateOf("follower"), undefined, "the state of the follower");
    },
  },
  {
    name: "refuses to end a running message as one at rest",
    run: async (bench) => {
      await bench.start(message("a"));
      await bench.refuse({ resting: { id: "a", states: AT_REST } });
      bench.now += LEASE;
      await bench.refuse({ resting: { id: "a", states: AT_REST } });
      same(await bench.stateOf("a"), "running", "the state");
    },
  },
  {
    name: "refuses to end a message that is not there, or in none of no states",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      await bench.refuse({ resting: { id: "b", states: AT_REST } }, { resting: { id: "a", states: [] } });
      same(await bench.stateOf("a"), "queued", "the state");
    },
  },
  {
    name: "ends a message at rest once",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      const resting = { id: "a", states: AT_REST };
      same(await bench.settle({ resting }, { resting }), [true, false], "what is settled");
    },
  },
  {
    name: "takes what is due but not moved for scheduled",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 10 }));
      bench.now += 10;
      await bench.refuse({ resting: { id: "a", states: ["queued"] } });
      await bench.accept({ resting: { id: "a", states: ["scheduled"] } });
    },
  },
  {
    name: "brings a dead letter back as a retry: at the back, without its note, deliveries counted anew",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt, bury: "broken" });
      await bench.enqueue(message("b"));
      await bench.accept({ resting: { id: "a", states: ["dead"] }, retry: message("a", { body: "again" }) });
      same((await bench.storage.find("a", bench.now))?.note, undefined, "the note");
      const [b, a] = await bench.claim();
      same([b.message.id, a.message.id, a.message.body, a.deliveries], ["b", "a", "again", 1], "what is handed out");
    },
  },
  {
    name: "brings a dead letter back by a release",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt, bury: "broken" });
      await bench.accept({ resting: { id: "a", states: ["dead"] }, release: {} });
      same(await bench.listed("dead"), [], "the dead letters");
      same((await bench.storage.find("a", bench.now))?.note, undefined, "the note");
      same(plain((await bench.claimOne()).message), plain(message("a")), "the message");
    },
  },
  {
    name: "does not take a hand-out away from a message that is released at rest",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.accept({ receipt, bury: "broken" });
      await bench.accept({ resting: { id: "a", states: ["dead"] }, release: {} });
      same((await bench.claimOne()).deliveries, 2, "the deliveries");
    },
  },
  {
    name: "reschedules a message at rest by a retry",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b", { delay: 100 }));
      const states = AT_REST;
      await bench.accept(
        { resting: { id: "a", states }, retry: message("a", { delay: 50 }) },
        { resting: { id: "b", states }, retry: message("b") },
      );
      same([await bench.stateOf("a"), await bench.stateOf("b")], ["scheduled", "queued"], "the states");
      same(ids(await bench.claim()), ["b"], "what is handed out");
      bench.now += 50;
      same(ids(await bench.claim()), ["a"], "what is handed out later");
    },
  },
  {
    name: "reschedules a message at rest by a release with an eta or a delay",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b", { delay: 100 }));
      await bench.accept(
        { resting: { id: "a", states: ["queued"] }, release: { eta: bench.now + 50 } },
        { resting: { id: "b", states: ["scheduled"] }, release: { delay: 20, body: "new" } },
      );
      same(await bench.listed("scheduled"), ["b", "a"], "what is scheduled");
      bench.now += 20;
      same((await bench.claimOne()).message, message("b", { body: "new", eta: bench.now }), "the message");
    },
  },
  {
    name: "keeps the place of a queued and the eta of a scheduled message that get only a new body",
    run: async (bench) => {
      const eta = bench.now + 100;
      await bench.enqueue(message("a"), message("b"), message("c", { eta }));
      await bench.accept(
        { resting: { id: "a", states: AT_REST }, release: { body: "new a" } },
        { resting: { id: "c", states: AT_REST }, release: { body: "new c" } },
      );
      const bodies = (await bench.claim()).map((delivery) => delivery.message.body);
      same(bodies, ["new a", "the body of b"], "the bodies that are handed out");
      same(
        (await bench.storage.find("c", bench.now))?.message,
        message("c", { eta, body: "new c" }),
        "the scheduled one",
      );
    },
  },
  {
    name: "buries a message at rest",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b", { delay: 10 }));
      const states = AT_REST;
      await bench.accept({ resting: { id: "a", states }, bury: "x" }, { resting: { id: "b", states }, bury: "y" });
      same(await bench.listed("dead"), ["b", "a"], "the dead letters");
      bench.now += LEASE;
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "makes a lapsed lease stale when its message is ended at rest",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      await bench.claim(0);
      await bench.accept({ resting: { id: "a", states: ["queued"] }, retry: message("a") });
      await bench.refuse({ receipt });
      same((await bench.storage.renew([receipt], LEASE, bench.now)).lost, [receipt], "what is lost");
      same(await bench.stateOf("a"), "queued", "the state");
    },
  },
  {
    name: "adds followers and joins parts together with the end of a message at rest",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 10 }), message("chord", { parts: 1 }));
      await bench.accept({
        resting: { id: "a", states: ["scheduled"] },
        enqueue: [message("b")],
        joins: [{ id: "chord", index: 0, value: "v" }],
      });
      same(ids(await bench.claim()), ["b", "chord"], "what is handed out");
    },
  },
];
