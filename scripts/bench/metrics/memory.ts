import process from "node:process";
import { RespClient } from "../../../tests/resp_client.ts";
import type { Place } from "../contender.ts";
import { Checklist, type Metric } from "../metric.ts";

const QUEUED = 10_000;
const TASKS = 20_000;
const BULK = 1_000;
const AT_ONCE = 16;
const MEGABYTE = 1_048_576;

async function usedMemory({ port }: Place): Promise<number> {
  const client = new RespClient({ port });
  const info = new TextDecoder().decode(await client.send(["INFO", "memory"]) as Uint8Array);
  client.close();
  return Number(/used_memory_dataset:(\d+)/.exec(info)![1]);
}

/** What a task that is queued takes of the server's memory, and what a worker takes that has run many. */
export const memory: Metric[] = [
  {
    name: "memory",
    storages: ["redis"],
    rounds: 1,
    rows: [{
      name: "memory of a queued task",
      unit: "bytes",
      better: "less",
      goals: [{ storage: "redis", value: 2, than: "BullMQ" }],
    }],
    measure: async ({ place, open, scaled }) => {
      const session = await open();
      await session.add({ n: 0 });
      const before = await usedMemory(place);
      const count = scaled(QUEUED);
      await session.addBulk(Array.from({ length: count }, (_, n) => ({ n: n + 1 })));
      // The server keeps buffers for a client that has sent much; what they take is told late, and then shrinks.
      await session.close();
      return [(await usedMemory(place) - before) / count];
    },
  },
  {
    name: "memory",
    storages: ["memory", "sqlite", "redis"],
    isFresh: true,
    rows: [
      {
        name: "a worker after 20,000 tasks, resident",
        unit: "MB",
        better: "less",
        goals: [{ storage: "redis", value: 1, than: "BullMQ" }],
      },
      { name: "a worker after 20,000 tasks, heap", unit: "MB", better: "less" },
    ],
    measure: async ({ open, scaled }) => {
      const session = await open();
      const bulks = Math.ceil(scaled(TASKS) / BULK);
      const total = new Checklist(bulks * BULK);
      for (let from = 0; from < bulks * BULK; from += BULK) {
        const list = new Checklist(BULK, from);
        const worker = await session.work(AT_ONCE, (n) => {
          list.ran(n);
          total.ran(n);
        });
        await session.addBulk(Array.from({ length: BULK }, (_, i) => ({ n: from + i })));
        await list.all;
        await worker.stop();
      }
      await total.check(session);
      const { rss } = process.memoryUsage();
      (globalThis as { gc?: () => void }).gc?.();
      return [rss / MEGABYTE, process.memoryUsage().heapUsed / MEGABYTE];
    },
  },
];
