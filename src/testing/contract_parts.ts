import type { Join, Message } from "../storage.ts";
import { type Bench, type Case, ids, LEASE, message, same } from "./contract_bench.ts";

/** Joins parts through the settlement of a message made for it. */
async function join(bench: Bench, ...joins: Join[]): Promise<void> {
  const enqueued = await bench.enqueue(message("joiner"));
  same(enqueued[0].added, true, "whether the joiner is added");
  await bench.accept({ resting: { id: "joiner", states: ["queued"] }, joins });
}

function part(index: number, value = `part ${index}`): Join {
  return { id: "chord", index, value };
}

function chord(parts: number, fields: Partial<Message> = {}): Message {
  return message("chord", { parts, ...fields });
}

/** Messages that wait for parts. */
export const partCases: readonly Case[] = [
  {
    name: "keeps a message waiting until all its parts are there",
    run: async (bench) => {
      await bench.enqueue(chord(2));
      same(await bench.stateOf("chord"), "waiting", "the state");
      same(ids(await bench.claim()), [], "what is handed out");
      await join(bench, part(0));
      same(await bench.stateOf("chord"), "waiting", "the state after one part");
      await join(bench, part(1));
      same(await bench.stateOf("chord"), "queued", "the state after both");
      const delivery = await bench.claimOne();
      same(delivery.message, chord(2), "the message");
      same(delivery.parts, ["part 0", "part 1"], "the parts");
    },
  },
  {
    name: "gives the parts in the order of their indices, however they came",
    run: async (bench) => {
      await bench.enqueue(chord(12));
      const order = [11, 3, 0, 7, 10, 2, 5, 1, 9, 4, 8, 6];
      for (const index of order.slice(0, 6)) await join(bench, part(index));
      await join(bench, ...order.slice(6).map((index) => part(index)));
      same((await bench.claimOne()).parts, Array.from(order, (_, i) => `part ${i}`), "the parts");
    },
  },
  {
    name: "keeps what a place has when it is filled again, and counts it once",
    run: async (bench) => {
      await bench.enqueue(chord(2));
      await join(bench, part(0, "first"), part(0, "second"));
      await join(bench, part(0, "third"));
      same(await bench.stateOf("chord"), "waiting", "the state");
      await join(bench, part(1));
      same((await bench.claimOne()).parts, ["first", "part 1"], "the parts");
    },
  },
  {
    name: "hands out a message that waits for no parts at once, with none",
    run: async (bench) => {
      same((await bench.start(chord(0))).parts ?? [], [], "the parts");
    },
  },
  {
    name: "schedules a message of no parts that has a delay",
    run: async (bench) => {
      await bench.enqueue(chord(0, { delay: 100 }));
      same(await bench.stateOf("chord"), "scheduled", "the state");
    },
  },
  {
    name: "counts the delay of a message that waits from its last part",
    run: async (bench) => {
      await bench.enqueue(chord(1, { delay: 100 }));
      same((await bench.storage.find("chord", bench.now))?.message.delay, 100, "the delay while it waits");
      bench.now += 5_000;
      await join(bench, part(0));
      same(await bench.stateOf("chord"), "scheduled", "the state");
      bench.now += 99;
      same(ids(await bench.claim()), [], "what is handed out before");
      bench.now += 1;
      same((await bench.claimOne()).message, chord(1, { eta: bench.now }), "the message");
    },
  },
  {
    name: "schedules a message whose parts are there before its eta",
    run: async (bench) => {
      const eta = bench.now + 100;
      await bench.enqueue(chord(1, { eta }));
      await join(bench, part(0));
      same(await bench.stateOf("chord"), "scheduled", "the state");
      bench.now = eta;
      same((await bench.claimOne()).parts, ["part 0"], "the parts");
    },
  },
  {
    name: "does not hand out a message that waits when its eta has come",
    run: async (bench) => {
      await bench.enqueue(chord(1, { eta: bench.now + 100 }));
      bench.now += 200;
      const exchanged = await bench.exchange({ claim: { limit: 5, lease: LEASE } });
      same([exchanged.deliveries, exchanged.promoted, "next" in exchanged], [[], 0, false], "the answer");
    },
  },
  {
    name: "lets a message whose parts are there join the back of its priority",
    run: async (bench) => {
      await bench.enqueue(chord(1, { priority: 1 }), message("a", { priority: 1 }), message("b"));
      await join(bench, part(0));
      same(ids(await bench.claim()), ["a", "chord", "b"], "what is handed out");
    },
  },
  {
    name: "drops a part for a message that is missing, running, queued or dead",
    run: async (bench) => {
      await join(bench, { id: "missing", index: 0, value: "x" });
      await bench.enqueue(message("dead"));
      await bench.accept({ receipt: (await bench.claimOne()).receipt, bury: "" });
      await bench.enqueue(message("running"));
      await bench.claimOne();
      await bench.enqueue(message("queued"));
      for (const id of ["dead", "running", "queued"]) await join(bench, { id, index: 0, value: "x" });
      same(await bench.stateOf("missing"), undefined, "the state of the missing one");
      const states = await Promise.all(["dead", "running", "queued"].map((id) => bench.stateOf(id)));
      same(states, ["dead", "running", "queued"], "the states of the others");
      same((await bench.claimOne()).parts, undefined, "the parts");
    },
  },
  {
    name: "drops a part that comes when all are there",
    run: async (bench) => {
      await bench.enqueue(chord(1));
      await join(bench, part(0), part(1));
      same((await bench.claimOne()).parts, ["part 0"], "the parts");
    },
  },
  {
    name: "does not give the parts of a former message to a new one of its id",
    run: async (bench) => {
      await bench.enqueue(chord(2));
      await join(bench, part(0, "old"));
      await bench.accept({ resting: { id: "chord", states: ["waiting"] } });
      await bench.enqueue(chord(2));
      await join(bench, part(1));
      same(await bench.stateOf("chord"), "waiting", "the state");
      await join(bench, part(0, "new"));
      same((await bench.claimOne()).parts, ["new", "part 1"], "the parts");
    },
  },
  {
    name: "does not give the parts of a flushed or a finished message to a new one of its id",
    run: async (bench) => {
      await bench.enqueue(chord(1));
      await join(bench, part(0, "finished"));
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      await bench.enqueue(chord(2));
      await join(bench, part(0, "flushed"));
      await bench.storage.flush(["waiting"]);
      await bench.enqueue(chord(1));
      await join(bench, part(0, "new"));
      same((await bench.claimOne()).parts, ["new"], "the parts");
    },
  },
  {
    name: "gives the parts at every hand-out: redelivered, released, retried, brought back from the dead",
    run: async (bench) => {
      await bench.enqueue(chord(2));
      await join(bench, part(1), part(0));
      const parts = ["part 0", "part 1"];
      await bench.claimOne();
      bench.now += LEASE;
      const second = await bench.claimOne();
      same(second.parts, parts, "the parts when redelivered");
      await bench.accept({ receipt: second.receipt, release: {} });
      const third = await bench.claimOne();
      same(third.parts, parts, "the parts when released");
      await bench.accept({ receipt: third.receipt, retry: message("chord", { body: "again" }) });
      const fourth = await bench.claimOne();
      same([fourth.message.body, fourth.parts], ["again", parts], "the body and the parts when retried");
      await bench.accept({ receipt: fourth.receipt, bury: "" });
      await bench.accept({ resting: { id: "chord", states: ["dead"] }, retry: message("chord") });
      same((await bench.claimOne()).parts, parts, "the parts when brought back");
    },
  },
  {
    name: "keeps a message that is retried while it waits waiting for the same parts",
    run: async (bench) => {
      await bench.enqueue(chord(2));
      await join(bench, part(0));
      await bench.accept({ resting: { id: "chord", states: ["waiting"] }, retry: message("chord", { body: "new" }) });
      same(await bench.stateOf("chord"), "waiting", "the state");
      await join(bench, part(1));
      const { message: shown, parts } = await bench.claimOne();
      same([shown.body, parts], ["new", ["part 0", "part 1"]], "the body and the parts");
    },
  },
  {
    name: "joins a part to a message that the same settlement adds",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.accept({ receipt, enqueue: [chord(1)], joins: [part(0)] });
      same((await bench.claimOne()).parts, ["part 0"], "the parts");
    },
  },
  {
    name: "joins the parts of several settlements of one request",
    run: async (bench) => {
      const members = ["a", "b", "c"].map((id) => message(id));
      await bench.enqueue(chord(3), ...members);
      const settle = (await bench.claim()).map(({ receipt }, i) => ({ receipt, joins: [part(i)] }));
      const { deliveries } = await bench.exchange({ settle, claim: { limit: 5, lease: LEASE } });
      same(deliveries.map(({ parts }) => parts), [["part 0", "part 1", "part 2"]], "the parts that are handed out");
    },
  },
  {
    name: "keeps empty and odd parts as they are",
    run: async (bench) => {
      const odd = ["", "null", "0", '{"a":[1]}', "😀\n"];
      await bench.enqueue(chord(odd.length));
      await join(bench, ...odd.map((value, index) => part(index, value)));
      same((await bench.claimOne()).parts, odd, "the parts");
    },
  },
  {
    name: "gathers a thousand parts",
    run: async (bench) => {
      await bench.enqueue(chord(1_000));
      const all = Array.from({ length: 1_000 }, (_, i) => part(999 - i));
      await join(bench, ...all.slice(0, 999));
      same(await bench.stateOf("chord"), "waiting", "the state");
      await join(bench, all[999]);
      same((await bench.claimOne()).parts?.join(), Array.from(all, (_, i) => `part ${i}`).join(), "the parts");
    },
  },
];
