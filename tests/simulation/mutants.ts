import type { Exchange, Storage } from "@hq/huey";
import type { Mutant } from "./history.ts";

/** Faults that were put in on purpose: a simulation that does not find them is worth nothing. */
export const MUTANTS: { [name: string]: Mutant } = {
  /** A task is settled first, and its outcome written after: a crash between the two loses the outcome. */
  "settle-first": {
    client: (storage) =>
      withExchange(storage, async (exchange) => {
        const settle = exchange.settle?.map((settlement) => ({ ...settlement, writes: [] }));
        const answer = await storage.exchange({ ...exchange, settle });
        for (const [i, { writes = [] }] of (exchange.settle ?? []).entries()) {
          if (!answer.settled[i]) continue;
          for (const { space, key, value, ttl } of writes) {
            if (value === undefined) await storage.delete(space, key, { now: exchange.now });
            else await storage.put(space, key, value, { ttl, now: exchange.now });
          }
        }
        return answer;
      }),
  },

  /** Whoever was handed a message may settle it as long as it is there, though somebody else has it by now. */
  "no-fencing": {
    server: (storage) => {
      const idOf = new Map<string, string>();
      const latest = new Map<string, string>();
      return withExchange(storage, async (exchange) => {
        const settle = exchange.settle?.map((settlement) => {
          const id = idOf.get(settlement.receipt ?? "");
          return id === undefined ? settlement : { ...settlement, receipt: latest.get(id) };
        });
        const answer = await storage.exchange({ ...exchange, settle });
        for (const { message, receipt } of answer.deliveries) {
          idOf.set(receipt, message.id);
          latest.set(message.id, receipt);
        }
        return answer;
      });
    },
  },

  /** A slot is claimed first, and its message added after: a crash between the two loses the slot. */
  "slot-first": {
    client: (storage) =>
      withExchange(storage, async ({ enqueue = [], ...exchange }) => {
        const isOurs = await Promise.all(enqueue.map(({ unique }) => {
          if (unique?.until === undefined) return true;
          return storage.put("keys", `slot ${unique.key}`, "~", { ifAbsent: true, now: exchange.now });
        }));
        const added = enqueue.filter((_, i) => isOurs[i]).map((message) =>
          message.unique?.until === undefined ? message : { ...message, unique: undefined }
        );
        const answer = await storage.exchange({ ...exchange, enqueue: added });
        const enqueued = answer.enqueued.values();
        return {
          ...answer,
          enqueued: enqueue.map(({ id }, i) => isOurs[i] ? enqueued.next().value! : { id, added: false }),
        };
      }),
  },
};

function withExchange(storage: Storage, exchange: (exchange: Exchange) => ReturnType<Storage["exchange"]>): Storage {
  return new Proxy(storage, {
    get: (target, key) => {
      if (key === "exchange") return exchange;
      const member = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
