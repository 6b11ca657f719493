import { REQUEST_MEMORY } from "../storage.ts";
import { type Case, ids, LEASE, message, same } from "./contract_bench.ts";

const claim = { limit: 5, lease: LEASE };

/** Requests that are sent again because their answers were lost. */
export const requestCases: readonly Case[] = [
  {
    name: "adds nothing again for a request that is sent again, and answers as at first",
    run: async (bench) => {
      const exchange = { request: "r", enqueue: [message("a"), message("a"), message("b")] };
      const first = await bench.exchange(exchange);
      const second = await bench.exchange(exchange);
      same(second, first, "the second answer");
      same(await bench.listed("queued"), ["a", "b"], "the queue");
    },
  },
  {
    name: "does not add a message again that was finished since the request was first sent",
    run: async (bench) => {
      const exchange = { request: "r", enqueue: [message("a")] };
      await bench.exchange(exchange);
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      same((await bench.exchange(exchange)).enqueued, [{ id: "a", added: true }], "the second answer");
      same(await bench.stateOf("a"), undefined, "the state");
    },
  },
  {
    name: "settles nothing again for a request that is sent again, and answers as at first",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const exchange = {
        request: "r",
        settle: [
          { receipt, writes: [{ space: "results" as const, key: "a", value: "1" }], enqueue: [message("b")] },
          { receipt: "stale" },
        ],
      };
      same((await bench.exchange(exchange)).settled, [true, false], "the first answer");
      await bench.storage.delete("results", "a", { now: bench.now });
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      same((await bench.exchange(exchange)).settled, [true, false], "the second answer");
      same(await bench.result("a"), undefined, "the result");
      same(await bench.stateOf("b"), undefined, "the state of the follower");
    },
  },
  {
    name: "claims anew for a request that is sent again",
    run: async (bench) => {
      const exchange = { request: "r", enqueue: [message("a"), message("b")], claim: { limit: 1, lease: LEASE } };
      const first = await bench.exchange(exchange);
      const second = await bench.exchange(exchange);
      same(second.enqueued, first.enqueued, "the second answer");
      same([ids(first.deliveries), ids(second.deliveries)], [["a"], ["b"]], "what is handed out");
    },
  },
  {
    name: "hands out again, after its lease, what a lost answer has handed out",
    run: async (bench) => {
      const exchange = { request: "r", enqueue: [message("a")], claim };
      await bench.exchange(exchange);
      same((await bench.exchange(exchange)).deliveries, [], "what is handed out at once");
      bench.now += LEASE;
      same(
        (await bench.exchange(exchange)).deliveries.map(({ deliveries }) => deliveries),
        [2],
        "the deliveries later",
      );
    },
  },
  {
    name: "remembers a request for a minute",
    run: async (bench) => {
      const exchange = { request: "r", enqueue: [message("a")] };
      await bench.exchange(exchange);
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      bench.now += REQUEST_MEMORY - 1;
      await bench.enqueue(...Array.from({ length: 300 }, (_, i) => message(`m${i}`)));
      await bench.exchange(exchange);
      same(await bench.stateOf("a"), undefined, "the state");
    },
  },
  {
    name: "remembers each request by its own name",
    run: async (bench) => {
      await bench.exchange({ request: "1", enqueue: [message("a")] });
      await bench.exchange({ request: "01", enqueue: [message("b")] });
      await bench.exchange({ request: "1 ", enqueue: [message("c")] });
      same(await bench.listed("queued"), ["a", "b", "c"], "the queue");
    },
  },
  {
    name: "applies requests without a name each time",
    run: async (bench) => {
      await bench.exchange({ enqueue: [message("a")] });
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      same((await bench.exchange({ enqueue: [message("a")] })).enqueued, [{ id: "a", added: true }], "the answer");
    },
  },
  {
    name: "applies what a request brings whose name was first used only to claim",
    run: async (bench) => {
      await bench.exchange({ request: "r", claim });
      same((await bench.exchange({ request: "r", enqueue: [message("a")] })).enqueued[0].added, true, "what is added");
    },
  },
  {
    name: "tells requests of different names of storages apart",
    run: async (bench) => {
      const exchange = { request: "r", now: bench.now, enqueue: [message("a")] };
      await bench.exchange(exchange);
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      const other = await bench.elsewhere();
      await other.exchange(exchange);
      same((await other.find("a", bench.now))?.state, "queued", "the state under the other name");
    },
  },
  {
    name: "remembers a request for whoever sends it again",
    run: async (bench) => {
      const exchange = { request: "r", now: bench.now, enqueue: [message("a")] };
      await bench.exchange(exchange);
      await bench.accept({ receipt: (await bench.claimOne()).receipt });
      const answer = await (await bench.again()).exchange(exchange);
      same(answer.enqueued, [{ id: "a", added: true }], "the answer of another storage of the name");
      same(await bench.stateOf("a"), undefined, "the state");
    },
  },
];
