import type { Space, State } from "../storage.ts";
import { type Bench, type Case, ids, LEASE, message, plain, same } from "./contract_bench.ts";

const STATES: State[] = ["queued", "scheduled", "waiting", "running", "dead"];

/** In each state two messages, `<state> 1` and `<state> 2`. */
async function twoOfEach(bench: Bench): Promise<void> {
  await bench.enqueue(message("dead 1"), message("dead 2"), message("running 1"), message("running 2"));
  const [first, second] = await bench.claim();
  await bench.accept({ receipt: first.receipt, bury: "note 1" }, { receipt: second.receipt, bury: "note 2" });
  await bench.enqueue(message("queued 1"), message("queued 2"));
  await bench.enqueue(message("scheduled 1", { delay: 10 }), message("scheduled 2", { delay: 20 }));
  await bench.enqueue(message("waiting 1", { parts: 1 }), message("waiting 2", { parts: 2 }));
}

/** All of them but the results, without asking for those. */
async function messagesOf(bench: Bench): Promise<number[]> {
  const { queued, scheduled, waiting, running, dead } = await bench.storage.counts(bench.now, { results: false });
  return [queued, scheduled, waiting, running, dead];
}

async function countsOf(bench: Bench): Promise<number[]> {
  const { queued, scheduled, waiting, running, dead, results } = await bench.storage.counts(bench.now);
  return [queued, scheduled, waiting, running, dead, results];
}

/** What can be seen of messages, and how all of them are removed. */
export const viewCases: readonly Case[] = [
  {
    name: "finds a message in each state",
    run: async (bench) => {
      await twoOfEach(bench);
      for (const state of STATES) {
        const found = await bench.storage.find(`${state} 1`, bench.now);
        same([found?.message.id, found?.state], [`${state} 1`, state], "the message and its state");
      }
    },
  },
  {
    name: "finds nothing under an id that is not there",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      same(await bench.storage.find("b", bench.now), undefined, "what is found");
      same(await (await bench.elsewhere()).find("a", bench.now), undefined, "what is found under another name");
    },
  },
  {
    name: "shows a message as it was added, without its unique key, and how often it was handed out",
    run: async (bench) => {
      const eta = bench.now - 1;
      await bench.enqueue(message("a", { eta, priority: 1.5, unique: { key: "k" } }));
      const shown = { message: message("a", { eta, priority: 1.5 }), state: "queued", deliveries: 0 };
      same(await bench.storage.find("a", bench.now), shown, "what is found");
      same(await bench.storage.list("queued", { now: bench.now }), [shown], "what is listed");
      await bench.claimOne();
      const running = { ...shown, state: "running", deliveries: 1 };
      same(await bench.storage.find("a", bench.now), running, "what is found while it runs");
    },
  },
  {
    name: "lists the messages of a state and of no other",
    run: async (bench) => {
      same(await bench.listed("queued"), [], "the list of an empty storage");
      await twoOfEach(bench);
      for (const state of STATES) {
        const listed = await bench.storage.list(state, { now: bench.now });
        same(new Set(listed.map((stored) => stored.message.id)), new Set([`${state} 1`, `${state} 2`]), "the ids");
        same(listed.map((stored) => stored.state), [state, state], "the states");
      }
    },
  },
  {
    name: "lists queued messages in the order in which they will be handed out",
    run: async (bench) => {
      await bench.enqueue(
        ...[0, 5, -1, 5, 0.5].map((priority, i) => message(`${i}`, { priority })),
        ...Array.from({ length: 30 }, (_, i) => message(`m${i}`, { priority: (i * 7) % 10 })),
      );
      const listed = await bench.listed("queued");
      same(ids(await bench.claim(100)), listed, "what is handed out");
    },
  },
  {
    name: "lists scheduled messages soonest first",
    run: async (bench) => {
      await bench.enqueue(...[300, 100, 200, 100].map((delay, i) => message(`${i}`, { delay, priority: i })));
      same(await bench.listed("scheduled"), ["1", "3", "2", "0"], "the list");
    },
  },
  {
    name: "lists running messages by the ends of their leases, as renewed",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      const [a] = await bench.claim(1, 1_000);
      await bench.claim(1, 3_000);
      await bench.claim(1, 2_000);
      same(await bench.listed("running"), ["a", "c", "b"], "the list");
      await bench.storage.renew([a.receipt], 5_000, bench.now);
      same(await bench.listed("running"), ["c", "b", "a"], "the list after a renewal");
    },
  },
  {
    name: "lists waiting messages oldest first",
    run: async (bench) => {
      await bench.enqueue(message("b", { parts: 1 }), message("a", { parts: 1, priority: 9 }));
      await bench.enqueue(message("c", { parts: 1, eta: 1 }));
      same(await bench.listed("waiting"), ["b", "a", "c"], "the list");
    },
  },
  {
    name: "lists dead letters newest first, with their notes",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      const [a, b, c] = await bench.claim();
      for (const { receipt, message: { id } } of [b, c, a]) await bench.accept({ receipt, bury: `note on ${id}` });
      const dead = await bench.storage.list("dead", { now: bench.now });
      same(dead.map((stored) => stored.message.id), ["a", "c", "b"], "the list");
      same(dead.map(({ note }) => note), ["note on a", "note on c", "note on b"], "the notes");
    },
  },
  {
    name: "lists no more than the limit, from the front",
    run: async (bench) => {
      await twoOfEach(bench);
      for (const state of STATES) {
        const [first] = await bench.listed(state);
        const limited = await bench.storage.list(state, { limit: 1, now: bench.now });
        same(limited.map((stored) => stored.message.id), [first], `the ${state} messages at a limit of 1`);
        same(await bench.storage.list(state, { limit: 0, now: bench.now }), [], "the list at a limit of 0");
        same((await bench.storage.list(state, { limit: 5, now: bench.now })).length, 2, "the number at a limit of 5");
      }
    },
  },
  {
    name: "lists what comes after the first ones that are left out",
    run: async (bench) => {
      await twoOfEach(bench);
      await bench.enqueue(...Array.from({ length: 5 }, (_, i) => message(`m${i}`, { priority: i })));
      for (const state of STATES) {
        const all = await bench.listed(state);
        for (const [offset, limit] of [[0, 2], [1, 1], [1, 9], [3, 2], [9, 1]]) {
          const listed = await bench.storage.list(state, { offset, limit, now: bench.now });
          const expected = all.slice(offset, offset + limit);
          same(listed.map(({ message: { id } }) => id), expected, `${limit} ${state} messages after ${offset}`);
        }
        const rest = await bench.storage.list(state, { offset: 1, now: bench.now });
        same(rest.map(({ message: { id } }) => id), all.slice(1), `all ${state} messages after the first`);
      }
    },
  },
  {
    name: "counts the messages in each state, and the results",
    run: async (bench) => {
      same(await countsOf(bench), [0, 0, 0, 0, 0, 0], "the counts of an empty storage");
      await twoOfEach(bench);
      await bench.storage.put("results", "a", "1", { now: bench.now });
      await bench.storage.put("keys", "a", "1", { now: bench.now });
      await bench.enqueue(message("queued 3"));
      same(await countsOf(bench), [3, 2, 2, 2, 2, 1], "the counts");
      same(await messagesOf(bench), [3, 2, 2, 2, 2], "the counts of messages alone");
    },
  },
  {
    name: "counts what is due as scheduled and what has lapsed as running, until a claim moves them",
    run: async (bench) => {
      await twoOfEach(bench);
      bench.now += LEASE;
      same(await countsOf(bench), [2, 2, 2, 2, 2, 0], "the counts before");
      await bench.claim(0);
      same(await countsOf(bench), [6, 0, 2, 0, 2, 0], "the counts after");
      same(await messagesOf(bench), [6, 0, 2, 0, 2], "the counts of messages alone, after");
    },
  },
  {
    name: "flushes the messages of a state and of no other",
    run: async (bench) => {
      await twoOfEach(bench);
      for (const [i, state] of STATES.entries()) {
        await bench.storage.flush([state]);
        same(await countsOf(bench), [2, 2, 2, 2, 2, 0].map((count, at) => at <= i ? 0 : count), "the counts");
        same(await bench.stateOf(`${state} 1`), undefined, "the state of a flushed message");
      }
      bench.now += LEASE;
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "adds a flushed message anew",
    run: async (bench) => {
      await twoOfEach(bench);
      await bench.storage.flush(STATES);
      const again = STATES.map((state) => message(`${state} 1`));
      same((await bench.enqueue(...again)).map(({ added }) => added), again.map(() => true), "what is added");
      same(ids(await bench.claim()), again.map(({ id }) => id), "what is handed out");
    },
  },
  {
    name: "refuses the receipts of flushed messages",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.storage.flush(["running"]);
      await bench.refuse({ receipt });
      same((await bench.storage.renew([receipt], LEASE, bench.now)).lost, [receipt], "what is lost");
    },
  },
  {
    name: "flushes the keys of a space and of no other",
    run: async (bench) => {
      const spaces: Space[] = [
        ...["results", "progress", "revoked", "locks", "limits", "keys", "schedules", "workers", "history"] as const,
      ];
      for (const space of spaces) await bench.storage.put(space, "a", space, { ttl: 1_000, now: bench.now });
      await bench.enqueue(message("a"));
      for (const [i, space] of spaces.entries()) {
        await bench.storage.flush([space]);
        for (const [at, other] of spaces.entries()) {
          same(
            await bench.storage.peek(other, ["a"], bench.now),
            [at <= i ? undefined : other],
            `the value in ${other}`,
          );
        }
      }
      same(await bench.stateOf("a"), "queued", "the state of a message");
    },
  },
  {
    name: "flushes several things at once, and nothing if there is nothing to flush",
    run: async (bench) => {
      await twoOfEach(bench);
      await bench.storage.put("results", "a", "1", { now: bench.now });
      await bench.storage.flush([]);
      same(await countsOf(bench), [2, 2, 2, 2, 2, 1], "the counts");
      await bench.storage.flush(["queued", "results", "dead"]);
      same(await countsOf(bench), [0, 2, 2, 2, 0, 0], "the counts after");
    },
  },
  {
    name: "keeps the messages of different names apart",
    run: async (bench) => {
      const other = await bench.elsewhere();
      await bench.enqueue(message("a", { body: "mine" }), message("b", { delay: 1 }));
      await other.exchange({ now: bench.now, enqueue: [message("a", { body: "theirs" })] });
      const { deliveries } = await other.exchange({ now: bench.now + 1, claim: { limit: 5, lease: LEASE } });
      same(deliveries.map((delivery) => delivery.message.body), ["theirs"], "what the other is handed out");
      await other.flush(STATES);
      same(await countsOf(bench), [1, 1, 0, 0, 0, 0], "the counts");
      same(plain((await bench.claimOne()).message), plain(message("a", { body: "mine" })), "the message");
    },
  },
];
