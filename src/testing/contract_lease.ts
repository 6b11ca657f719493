import { type Case, ids, LEASE, message, same } from "./contract_bench.ts";
import type { Settlement } from "../storage.ts";

/** Leases, and the fence around a delivery. */
export const leaseCases: readonly Case[] = [
  {
    name: "hands a message out again when its lease has ended, and not a millisecond before",
    run: async (bench) => {
      const first = await bench.start(message("a"));
      bench.now += LEASE - 1;
      same(ids(await bench.claim()), [], "what is handed out before");
      bench.now += 1;
      const second = await bench.claimOne();
      same(second.message, first.message, "the message");
      same(second.deliveries, 2, "the deliveries");
      same(second.receipt === first.receipt, false, "whether the receipt is the same");
    },
  },
  {
    name: "counts every lapsed hand-out",
    run: async (bench) => {
      await bench.enqueue(message("a"));
      for (let deliveries = 1; deliveries <= 5; deliveries++) {
        same((await bench.claimOne()).deliveries, deliveries, "the deliveries");
        bench.now += LEASE;
      }
    },
  },
  {
    name: "tells how many it has recovered",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      await bench.claim(2, 1_000);
      await bench.claim(1, 5_000);
      bench.now += 1_000;
      const { recovered, promoted } = await bench.exchange({ claim: { limit: 0, lease: LEASE } });
      same([recovered, promoted], [2, 0], "the recovered and the promoted");
    },
  },
  {
    name: "shows a message whose lease has lapsed as running until a claim takes it back",
    run: async (bench) => {
      await bench.start(message("a"));
      bench.now += LEASE;
      same(await bench.stateOf("a"), "running", "the state before");
      await bench.claim(0);
      same(await bench.stateOf("a"), "queued", "the state after");
    },
  },
  {
    name: "accepts the settlement of a lapsed lease",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += 10 * LEASE;
      await bench.accept({ receipt });
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "accepts the settlement of a lapsed lease even when the message is back in the queue",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      await bench.claim(0);
      await bench.accept({ receipt, writes: [{ space: "results", key: "a", value: "1" }] });
      same(await bench.result("a"), "1", "the result");
      same(ids(await bench.claim()), [], "what is handed out");
    },
  },
  {
    name: "refuses a settlement in the exchange after the one that handed the message out again",
    run: async (bench) => {
      const first = await bench.start(message("a"));
      bench.now += LEASE;
      const second = await bench.claimOne();
      await bench.refuse({ receipt: first.receipt });
      await bench.accept({ receipt: second.receipt });
    },
  },
  {
    name: "accepts the settlement of a lapsed lease in the very exchange that would hand the message out again",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      const exchanged = await bench.exchange({ settle: [{ receipt }], claim: { limit: 1, lease: LEASE } });
      same([exchanged.settled, exchanged.deliveries], [[true], []], "what is settled and handed out");
    },
  },
  {
    name: "refuses a stale settlement whole: nothing is written, added or joined",
    run: async (bench) => {
      await bench.enqueue(message("chord", { parts: 1 }));
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      await bench.claimOne();
      await bench.storage.put("results", "kept", "old", { now: bench.now });
      await bench.refuse({
        receipt,
        writes: [{ space: "results", key: "a", value: "1" }, { space: "results", key: "kept" }],
        enqueue: [message("next")],
        joins: [{ id: "chord", index: 0, value: "1" }],
      });
      same(await bench.result("a"), undefined, "the value that was not there");
      same(await bench.result("kept"), "old", "the value that was there");
      same(await bench.stateOf("next"), undefined, "the state of the follower");
      same(await bench.stateOf("chord"), "waiting", "the state of the message that waits");
    },
  },
  {
    name: "refuses a stale retry, release and burial, which leave the running message alone",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      const second = await bench.claimOne();
      await bench.refuse(
        { receipt, retry: message("a", { body: "new" }) },
        { receipt, release: { body: "new" } },
        { receipt, bury: "broken" },
      );
      const found = await bench.storage.find("a", bench.now);
      same([found?.state, found?.message.body, found?.deliveries], ["running", "the body of a", 2], "the message");
      await bench.accept({ receipt: second.receipt });
    },
  },
  {
    name: "accepts only the first settlement of a receipt",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const settle: Settlement[] = ["1", "2"].map((value) => ({
        receipt,
        writes: [{ space: "results", key: "a", value }],
      }));
      same(await bench.settle(...settle), [true, false], "what is settled in one request");
      same(await bench.settle(settle[1]), [false], "what is settled in another");
      same(await bench.result("a"), "1", "the result");
    },
  },
  {
    name: "refuses the receipt of a delivery that was retried, released or buried",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"));
      const [a, b, c] = await bench.claim();
      await bench.accept(
        { receipt: a.receipt, retry: message("a") },
        { receipt: b.receipt, release: {} },
        { receipt: c.receipt, bury: "" },
      );
      await bench.refuse({ receipt: a.receipt }, { receipt: b.receipt }, { receipt: c.receipt });
      same(await bench.listed("queued"), ["b", "a"], "the queue");
    },
  },
  {
    name: "refuses receipts that were never given",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const receipts = ["", "a", "nonsense", "😀", "null", "-1", "0.5", `${receipt} `, ` ${receipt}`, `${receipt}0`];
      await bench.refuse(...receipts.map((receipt) => ({ receipt })));
      same(await bench.stateOf("a"), "running", "the state");
    },
  },
  {
    name: "refuses a receipt of another name",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      const other = await bench.elsewhere();
      await other.exchange({ now: bench.now, enqueue: [message("a")], claim: { limit: 1, lease: LEASE } });
      same((await other.exchange({ now: bench.now, settle: [{ receipt }] })).settled, [false], "what is settled");
      same(await other.renew([receipt], LEASE, bench.now), { lost: [receipt], revoked: [] }, "what is renewed");
      await bench.accept({ receipt });
    },
  },
  {
    name: "accepts each settlement of a request by itself",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"));
      const [a, b] = await bench.claim();
      const settled = await bench.settle({ receipt: "stale" }, { receipt: a.receipt }, { receipt: "x" }, b);
      same(settled, [false, true, false, true], "what is settled");
    },
  },
  {
    name: "prolongs a lease from the moment it is renewed",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE - 1;
      same(await bench.storage.renew([receipt], LEASE, bench.now), { lost: [], revoked: [] }, "the answer");
      bench.now += LEASE - 1;
      same(ids(await bench.claim()), [], "what is handed out before it ends");
      bench.now += 1;
      same((await bench.claimOne()).deliveries, 2, "the deliveries after it has ended");
    },
  },
  {
    name: "shortens a lease that is renewed for less",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      await bench.storage.renew([receipt], 10, bench.now);
      same((await bench.exchange({ claim: { limit: 1, lease: LEASE } })).next, bench.now + 10, "the next instant");
      bench.now += 10;
      same(ids(await bench.claim()), ["a"], "what is handed out");
    },
  },
  {
    name: "renews a lease that has just lapsed",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      same(await bench.storage.renew([receipt], LEASE, bench.now), { lost: [], revoked: [] }, "the answer");
      same(ids(await bench.claim()), [], "what is handed out");
      await bench.accept({ receipt });
    },
  },
  {
    name: "renews a lapsed lease whose message is back in the queue, and takes it out again",
    run: async (bench) => {
      const { receipt } = await bench.start(message("a"));
      bench.now += LEASE;
      await bench.claim(0);
      same(await bench.storage.renew([receipt], LEASE, bench.now), { lost: [], revoked: [] }, "the answer");
      same(await bench.stateOf("a"), "running", "the state");
      same(ids(await bench.claim()), [], "what is handed out");
      bench.now += LEASE;
      same((await bench.claimOne()).deliveries, 2, "the deliveries after it has ended");
    },
  },
  {
    name: "tells which receipts are lost, and renews the others",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c"), message("d"));
      const [a, b, c, d] = await bench.claim();
      await bench.accept({ receipt: b.receipt }, { receipt: c.receipt, release: {} });
      const receipts = [a, b, c, d].map(({ receipt }) => receipt);
      const renewed = await bench.storage.renew(["never", ...receipts], 2 * LEASE, bench.now);
      same(renewed, { lost: ["never", b.receipt, c.receipt], revoked: [] }, "the answer");
      bench.now += LEASE;
      same(ids(await bench.claim()), ["c"], "what is handed out");
    },
  },
  {
    name: "tells a holder whose message was handed out again that it is lost",
    run: async (bench) => {
      const first = await bench.start(message("a"));
      bench.now += LEASE;
      const second = await bench.claimOne();
      const { lost } = await bench.storage.renew([first.receipt, second.receipt], LEASE, bench.now);
      same(lost, [first.receipt], "what is lost");
    },
  },
  {
    name: "renews nothing, if asked for nothing",
    run: async (bench) => {
      same(await bench.storage.renew([], LEASE, bench.now), { lost: [], revoked: [] }, "the answer");
    },
  },
];
