import type { Message } from "../storage.ts";
import { type Bench, type Case, ids, LEASE, message, same } from "./contract_bench.ts";

function unique(id: string, fields: Partial<Message> = {}): Message {
  return message(id, { unique: { key: "k" }, ...fields });
}

async function isHeldBy(bench: Bench, id: string, when: string): Promise<void> {
  same(await bench.enqueue(unique("rival")), [{ id, added: false }], `the answer to a rival ${when}`);
  same(await bench.stateOf("rival"), undefined, `the state of a rival ${when}`);
}

async function isFree(bench: Bench, when: string): Promise<void> {
  same(await bench.enqueue(unique("rival")), [{ id: "rival", added: true }], `the answer to a rival ${when}`);
}

/** Who holds a unique key, and for how long. */
export const uniqueCases: readonly Case[] = [
  {
    name: "does not add a message whose unique key is held, and tells by whom",
    run: async (bench) => {
      same(await bench.enqueue(unique("a")), [{ id: "a", added: true }], "the answer");
      await isHeldBy(bench, "a", "while it is queued");
      same(ids(await bench.claim()), ["a"], "what is handed out");
    },
  },
  {
    name: "adds only the first of two messages of one unique key in a request",
    run: async (bench) => {
      const enqueued = await bench.enqueue(unique("a"), unique("b"), message("c", { unique: { key: "other" } }));
      same(enqueued.map(({ id }) => id), ["a", "a", "c"], "the ids");
      same(enqueued.map(({ added }) => added), [true, false, true], "what is added");
    },
  },
  {
    name: "holds a unique key while the message is scheduled, queued and running",
    run: async (bench) => {
      await bench.enqueue(unique("a", { delay: 100 }));
      await isHeldBy(bench, "a", "while it is scheduled");
      bench.now += 100;
      await bench.claim(0);
      await isHeldBy(bench, "a", "while it is queued");
      await bench.claimOne();
      await isHeldBy(bench, "a", "while it is running");
    },
  },
  {
    name: "holds a unique key while the message is retried or released",
    run: async (bench) => {
      const { receipt } = await bench.start(unique("a"));
      await bench.accept({ receipt, retry: message("a", { delay: 100 }) });
      await isHeldBy(bench, "a", "while it is retried");
      bench.now += 100;
      await bench.accept({ receipt: (await bench.claimOne()).receipt, release: { delay: 100 } });
      await isHeldBy(bench, "a", "while it is released");
      bench.now += 100;
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      await isFree(bench, "when it is finished");
    },
  },
  {
    name: "holds a unique key when the lease has lapsed",
    run: async (bench) => {
      await bench.start(unique("a"));
      bench.now += LEASE;
      await isHeldBy(bench, "a", "when the lease has lapsed");
      await bench.claim(0);
      await isHeldBy(bench, "a", "when it is back in the queue");
    },
  },
  {
    name: "holds a unique key while the message waits for parts",
    run: async (bench) => {
      await bench.enqueue(unique("a", { parts: 1 }));
      await isHeldBy(bench, "a", "while it waits");
    },
  },
  {
    name: "ignores the unique key of a retry",
    run: async (bench) => {
      const { receipt } = await bench.start(unique("a"));
      await bench.accept({ receipt, retry: message("a", { unique: { key: "other" } }) });
      await isHeldBy(bench, "a", "after the retry");
      const enqueued = await bench.enqueue(message("b", { unique: { key: "other" } }));
      same(enqueued, [{ id: "b", added: true }], "the answer to the key of the retry");
    },
  },
  {
    name: "frees a unique key when the message is finished, for a follower too",
    run: async (bench) => {
      const { receipt } = await bench.start(unique("a"));
      await bench.accept({ receipt, enqueue: [unique("b")] });
      await isHeldBy(bench, "b", "after the follower");
    },
  },
  {
    name: "does not add a follower whose unique key is held, and accepts the settlement",
    run: async (bench) => {
      await bench.enqueue(unique("a", { delay: 1_000 }));
      const { receipt } = await bench.start(message("b"));
      await bench.accept({ receipt, enqueue: [unique("c")] });
      same(await bench.stateOf("c"), undefined, "the state of the follower");
    },
  },
  {
    name: "frees a unique key when the message is buried",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(unique("a"))).receipt, bury: "broken" });
      await isFree(bench, "when it is buried");
    },
  },
  {
    name: "frees a unique key when the message is ended at rest",
    run: async (bench) => {
      await bench.enqueue(unique("a"));
      await bench.accept({ resting: { id: "a", states: ["queued"] } });
      await isFree(bench, "when it is ended");
    },
  },
  {
    name: "frees a unique key when the message is flushed, even one that is held until later",
    run: async (bench) => {
      await bench.enqueue(unique("a", { unique: { key: "k", until: bench.now + 1_000 } }));
      await bench.storage.flush(["queued"]);
      await isFree(bench, "when it is flushed");
    },
  },
  {
    name: "holds a unique key until its instant even if the message is finished",
    run: async (bench) => {
      const until = bench.now + 1_000;
      await bench.accept({ receipt: (await bench.start(unique("a", { unique: { key: "k", until } }))).receipt });
      bench.now = until - 1;
      await isHeldBy(bench, "a", "just before the instant");
      bench.now = until;
      await isFree(bench, "at the instant");
    },
  },
  {
    name: "holds a unique key until its instant even if the message is buried or ended at rest",
    run: async (bench) => {
      const until = bench.now + 1_000;
      const { receipt } = await bench.start(unique("a", { unique: { key: "k", until } }));
      await bench.accept({ receipt, bury: "broken" });
      await isHeldBy(bench, "a", "when it is buried");
      await bench.accept({ resting: { id: "a", states: ["dead"] } });
      await isHeldBy(bench, "a", "when it is ended");
      bench.now = until;
      await isFree(bench, "at the instant");
    },
  },
  {
    name: "holds a unique key of an unfinished message beyond its instant",
    run: async (bench) => {
      await bench.enqueue(unique("a", { unique: { key: "k", until: bench.now + 10 } }));
      bench.now += 10_000;
      await isHeldBy(bench, "a", "beyond the instant");
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      await isFree(bench, "when it is finished");
    },
  },
  {
    name: "holds a unique key again when a dead letter that still has it is brought back",
    run: async (bench) => {
      const until = bench.now + 1_000;
      const { receipt } = await bench.start(unique("a", { unique: { key: "k", until } }));
      await bench.accept({ receipt, bury: "broken" });
      await bench.accept({ resting: { id: "a", states: ["dead"] }, retry: message("a") });
      bench.now = until;
      await isHeldBy(bench, "a", "at the instant");
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      await isFree(bench, "when it is finished");
    },
  },
  {
    name: "lets another message hold a key whose instant has come, and only that one frees it",
    run: async (bench) => {
      const until = bench.now + 10;
      await bench.accept({
        receipt: (await bench.start(unique("a", { unique: { key: "k", until } }))).receipt,
        bury: "broken",
      });
      bench.now = until;
      await bench.enqueue(unique("b"));
      await bench.accept({ resting: { id: "a", states: ["dead"] } });
      await isHeldBy(bench, "b", "when the former holder is ended");
    },
  },
  {
    name: "does not let a dead letter that is brought back free a key that another message has by now",
    run: async (bench) => {
      const until = bench.now + 10;
      const { receipt } = await bench.start(unique("a", { unique: { key: "k", until } }));
      await bench.accept({ receipt, bury: "broken" });
      bench.now = until;
      await bench.enqueue(unique("b", { delay: 1_000 }));
      await bench.accept({ resting: { id: "a", states: ["dead"] }, retry: message("a") });
      await isHeldBy(bench, "b", "while the former holder is back");
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      await isHeldBy(bench, "b", "when the former holder is finished");
    },
  },
  {
    name: "frees the keys of what is finished when these are flushed, and no others",
    run: async (bench) => {
      const until = bench.now + 1_000;
      const keys = ["queued", "scheduled", "waiting", "running", "dead", "finished"];
      const own = (state: string, fields?: Partial<Message>) =>
        message(state, { unique: { key: state, until }, ...fields });
      await bench.accept({ receipt: (await bench.start(own("finished"))).receipt });
      await bench.accept({ receipt: (await bench.start(own("dead"))).receipt, bury: "broken" });
      await bench.start(own("running"));
      await bench.enqueue(own("queued"), own("scheduled", { delay: 500 }), own("waiting", { parts: 1 }));
      const rivals = keys.map((key) => message(`rival of ${key}`, { unique: { key }, delay: 500 }));
      same((await bench.enqueue(...rivals)).map(({ id }) => id), keys, "who holds the keys before");
      await bench.storage.flush(["unique"]);
      const after = await bench.enqueue(...rivals);
      same(after.map(({ added }) => added), [false, false, false, false, true, true], "which keys are free after");
      same(await bench.stateOf("dead"), "dead", "the state of a dead letter");
      await bench.accept({ resting: { id: "dead", states: ["dead"] }, retry: message("dead") });
      const back = (await bench.claim(5)).filter((delivery) => delivery.message.id === "dead");
      await bench.accept(...back.map(({ receipt }) => ({ receipt })));
      same((await bench.enqueue(unique("late", { unique: { key: "dead" } })))[0].id, "rival of dead", "the holder");
    },
  },
  {
    name: "answers with the id's own message before it looks at the unique key",
    run: async (bench) => {
      await bench.enqueue(unique("a"), message("b"));
      same(await bench.enqueue(unique("b")), [{ id: "b", added: false }], "the answer");
    },
  },
  {
    name: "tells unique keys from the keys of values, and from those of another name",
    run: async (bench) => {
      await bench.storage.put("keys", "k", "v", { now: bench.now });
      await bench.enqueue(unique("a"));
      const other = await bench.elsewhere();
      const { enqueued } = await other.exchange({ now: bench.now, enqueue: [unique("b")] });
      same(enqueued, [{ id: "b", added: true }], "the answer of another name");
      await bench.storage.flush(["keys", "locks", "results"]);
      await isHeldBy(bench, "a", "after a flush of values");
    },
  },
];
