import { type Case, LEASE, message, same } from "./contract_bench.ts";

/** Revocation marks. */
export const markCases: readonly Case[] = [
  {
    name: "shows the mark on a message's id at its hand-out",
    run: async (bench) => {
      await bench.storage.put("revoked", "id:a", "once", { now: bench.now });
      await bench.enqueue(message("a"), message("b"));
      const [a, b] = await bench.claim();
      same(a.revoked, [{ key: "id:a", value: "once" }], "the marks on the one");
      same("revoked" in b, false, "whether the other has marks");
    },
  },
  {
    name: "shows the mark on a message's name at its hand-out",
    run: async (bench) => {
      await bench.storage.put("revoked", "name:mail", "", { now: bench.now });
      await bench.enqueue(message("a", { name: "mail" }), message("mail", { name: "a" }));
      const [a, b] = await bench.claim();
      same(a.revoked, [{ key: "name:mail", value: "" }], "the marks on the one");
      same("revoked" in b, false, "whether the other has marks");
    },
  },
  {
    name: "shows the mark on the id before the one on the name",
    run: async (bench) => {
      await bench.storage.put("revoked", "name:task", "n", { now: bench.now });
      await bench.storage.put("revoked", "id:a", "i", { now: bench.now });
      const { revoked } = await bench.start(message("a"));
      same(revoked, [{ key: "id:a", value: "i" }, { key: "name:task", value: "n" }], "the marks");
    },
  },
  {
    name: "does not show a mark that has expired",
    run: async (bench) => {
      await bench.storage.put("revoked", "id:a", "x", { ttl: 100, now: bench.now });
      await bench.storage.put("revoked", "name:task", "y", { ttl: 101, now: bench.now });
      bench.now += 100;
      same((await bench.start(message("a"))).revoked, [{ key: "name:task", value: "y" }], "the marks");
    },
  },
  {
    name: "does not show a mark that was removed",
    run: async (bench) => {
      await bench.storage.put("revoked", "id:a", "x", { now: bench.now });
      await bench.storage.delete("revoked", "id:a", { now: bench.now });
      same("revoked" in await bench.start(message("a")), false, "whether there are marks");
    },
  },
  {
    name: "shows marks that were put since the message was handed out when it is renewed",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"), message("c", { name: "mail" }));
      const receipts = (await bench.claim()).map(({ receipt }) => receipt);
      await bench.storage.put("revoked", "id:a", "1", { now: bench.now });
      await bench.storage.put("revoked", "name:mail", "2", { now: bench.now });
      same(await bench.storage.renew(receipts, LEASE, bench.now), {
        lost: [],
        revoked: [
          { receipt: receipts[0], marks: [{ key: "id:a", value: "1" }] },
          { receipt: receipts[2], marks: [{ key: "name:mail", value: "2" }] },
        ],
      }, "the answer");
    },
  },
  {
    name: "does not show an expired mark, or one on a lost receipt, when it renews",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"));
      const [a, b] = await bench.claim();
      await bench.storage.put("revoked", "id:a", "1", { ttl: 50, now: bench.now });
      await bench.storage.put("revoked", "id:b", "1", { now: bench.now });
      await bench.accept({ receipt: b.receipt });
      bench.now += 50;
      const renewed = await bench.storage.renew([a.receipt, b.receipt], LEASE, bench.now);
      same(renewed, { lost: [b.receipt], revoked: [] }, "the answer");
    },
  },
  {
    name: "shows marks that a settlement of the same request has written",
    run: async (bench) => {
      await bench.enqueue(message("a"), message("b"));
      const [a] = await bench.claim(1);
      const { deliveries } = await bench.exchange({
        settle: [{ receipt: a.receipt, writes: [{ space: "revoked", key: "id:b", value: "x" }] }],
        claim: { limit: 1, lease: LEASE },
      });
      same(deliveries[0].revoked, [{ key: "id:b", value: "x" }], "the marks");
    },
  },
  {
    name: "does not take values of other spaces or names for marks",
    run: async (bench) => {
      await bench.storage.put("results", "id:a", "x", { now: bench.now });
      await (await bench.elsewhere()).put("revoked", "id:a", "x", { now: bench.now });
      same("revoked" in await bench.start(message("a")), false, "whether there are marks");
    },
  },
];
