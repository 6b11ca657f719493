import { type Case, ids, message, plain, same } from "./contract_bench.ts";

/** Strings that a storage could take for something else. */
export const ODD_STRINGS: readonly string[] = [
  "",
  " ",
  "null",
  "undefined",
  "true",
  "0",
  "-1.50",
  "1e999",
  "12345678901234567890",
  '{"a":1}',
  '["a"]',
  '"quoted"',
  "it's; -- %s ? $1",
  "a:b/c\\d*?[e]{f}",
  "line\r\nline\ttab\u0001\u001f\u007f",
  "ü é ß 漢字 עברית",
  "😀 👩‍👩‍👧 𝒳",
  "e\u0301 is not \u00e9",
  "\u2028\u2029\ufeff",
];

/** What becomes of messages that are added. */
export const enqueueCases: readonly Case[] = [
  {
    name: "hands a message out as it was added",
    run: async (bench) => {
      const { message: shown, receipt, ...rest } = await bench.start(message("a", { priority: 3 }));
      same(shown, message("a", { priority: 3 }), "the message");
      same(typeof receipt, "string", "the type of the receipt");
      same(rest, { deliveries: 1 }, "the rest of the delivery");
    },
  },
  {
    name: "gives back no field that a message did not have",
    run: async (bench) => {
      const { message: shown } = await bench.start(message("a", { unique: { key: "k" } }));
      const { priority: _, ...fields } = shown;
      same(fields, message("a"), "the message without its priority");
    },
  },
  {
    name: "answers that a message was added, under its own id",
    run: async (bench) => {
      const enqueued = await bench.enqueue(message("a"), message("b"));
      same(enqueued, [{ id: "a", added: true }, { id: "b", added: true }], "the answer");
    },
  },
  {
    name: "does not add a message whose id is queued",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      same(await bench.enqueue(message("a", { body: "new" })), [{ id: "a", added: false }], "the answer");
      same((await bench.claimOne()).message.body, "the body of a", "the body");
    },
  },
  {
    name: "does not add a message whose id is scheduled",
    run: async (bench) => {
      await bench.enqueue(message("a", { delay: 1_000 }));
      same(await bench.enqueue(message("a")), [{ id: "a", added: false }], "the answer");
      same(await bench.stateOf("a"), "scheduled", "the state");
    },
  },
  {
    name: "does not add a message whose id is running",
    run: async (bench) => {
      await bench.start(message("a"));
      same(await bench.enqueue(message("a")), [{ id: "a", added: false }], "the answer");
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "does not add a message whose id is running on a lease that has lapsed",
    run: async (bench) => {
      await bench.start(message("a"));
      bench.now += 10 * 60_000;
      same(await bench.enqueue(message("a", { body: "new" })), [{ id: "a", added: false }], "the answer");
      same((await bench.claimOne()).message.body, "the body of a", "the body");
    },
  },
  {
    name: "does not add a message whose id waits for parts",
    run: async (bench) => {
      await bench.enqueue(message("a", { parts: 1 }));
      same(await bench.enqueue(message("a")), [{ id: "a", added: false }], "the answer");
      same(await bench.stateOf("a"), "waiting", "the state");
    },
  },
  {
    name: "does not add a message whose id was retried or released",
    run: async (bench) => {
      const first = await bench.start(message("a"));
      await bench.accept({ receipt: first.receipt, retry: message("a") });
      same(await bench.enqueue(message("a")), [{ id: "a", added: false }], "the answer after a retry");
      await bench.accept({ receipt: (await bench.claimOne()).receipt, release: {} });
      same(await bench.enqueue(message("a")), [{ id: "a", added: false }], "the answer after a release");
    },
  },
  {
    name: "adds only the first of two messages of one id in a request",
    run: async (bench) => {
      const enqueued = await bench.enqueue(message("a"), message("a", { body: "second" }));
      same(enqueued, [{ id: "a", added: true }, { id: "a", added: false }], "the answer");
      same((await bench.claimOne()).message.body, "the body of a", "the body");
    },
  },
  {
    name: "adds a message whose id is finished",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt });
      same(await bench.enqueue(message("a")), [{ id: "a", added: true }], "the answer");
      same((await bench.claimOne()).deliveries, 1, "the deliveries");
    },
  },
  {
    name: "replaces the dead letter whose id a new message has",
    run: async (bench) => {
      await bench.accept({ receipt: (await bench.start(message("a"))).receipt, bury: "broken" });
      same(await bench.enqueue(message("a", { body: "new" })), [{ id: "a", added: true }], "the answer");
      same(await bench.listed("dead"), [], "the dead letters");
      const delivery = await bench.claimOne();
      same([delivery.message.body, delivery.deliveries], ["new", 1], "the body and the deliveries");
    },
  },
  {
    name: "keeps bodies, names and ids of any characters",
    run: async (bench) => {
      const odd = ODD_STRINGS.map((text, i) => ({ id: `${text} ${i}`, name: text, body: text }));
      await bench.enqueue(...odd);
      const deliveries = await bench.claim(odd.length);
      same(deliveries.map((delivery) => plain(delivery.message)), odd.map(plain), "the messages");
      for (const { id } of odd) same((await bench.storage.find(id, bench.now))?.message.id, id, "the id that is found");
    },
  },
  {
    name: "keeps a body of 100 kB",
    run: async (bench) => {
      const body = "0123456789".repeat(10_000);
      const { message: shown } = await bench.start(message("a", { body }));
      same(shown.body === body, true, "whether the body is the same");
    },
  },
  {
    name: "is not touched by later changes to what it was given or has given",
    run: async (bench) => {
      const added = message("a");
      await bench.enqueue(added);
      added.body = "changed";
      const found = await bench.storage.find("a", bench.now);
      found!.message.body = "changed";
      same((await bench.claimOne()).message.body, "the body of a", "the body");
    },
  },
  {
    name: "adds a thousand messages in one request, and settles them in one",
    run: async (bench) => {
      const many = Array.from({ length: 1_000 }, (_, i) => message(`m${i}`));
      const enqueued = await bench.enqueue(...many);
      same(enqueued.filter(({ added }) => added).length, 1_000, "the number that was added");
      const deliveries = await bench.claim(2_000);
      same(ids(deliveries), many.map(({ id }) => id), "what is handed out");
      await bench.accept(...deliveries.map(({ receipt }) => ({ receipt })));
      same((await bench.storage.counts(bench.now)).running, 0, "how many are running");
    },
  },
];
