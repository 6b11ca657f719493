import process from "node:process";
import { Checklist, type Goal, type Metric } from "../metric.ts";

/** So many jobs are drained, by how many run at once. */
const COUNTS = { 1: 5_000, 16: 10_000, 64: 20_000 };

const GOALS: Record<string, Goal[]> = {
  1: [
    { storage: "redis", value: 1.4, than: "BullMQ" },
    { storage: "redis", value: 0.5, than: "bare script" },
    { storage: "sqlite", value: 1, than: "plainjob" },
    { storage: "memory", value: 5, than: "redis" },
  ],
  16: [
    { storage: "redis", value: 2, than: "BullMQ" },
    { storage: "redis", value: 0.5, than: "bare script" },
    { storage: "sqlite", value: 4, than: "plainjob" },
    { storage: "deno-kv", value: 4, than: "Deno KV's queue" },
    { storage: "memory", value: 5, than: "redis" },
  ],
  64: [
    { storage: "redis", value: 3, than: "BullMQ" },
    { storage: "redis", value: 0.5, than: "bare script" },
    { storage: "memory", value: 5, than: "redis" },
  ],
};

/** Running what is queued, by a worker that is started when all of it is there. */
export const drains: Metric[] = Object.entries(COUNTS).map(([atOnce, count]) => ({
  name: "drain",
  rows: [
    { name: `drain, ${atOnce} at once`, unit: "/s", better: "more", goals: GOALS[atOnce] },
    { name: `drain, ${atOnce} at once, processor time`, unit: "µs a task", better: "less" },
  ],
  measure: ({ open, scaled }) => drain(open, Number(atOnce), scaled(count)),
}));

/** With a server that is a millisecond away, what counts is how much travels in one request. */
export const away: Metric = {
  name: "away",
  storages: ["redis"],
  isAway: true,
  rows: [
    {
      name: "drain, 16 at once, 1 ms away",
      unit: "/s",
      better: "more",
      goals: [{ storage: "redis", value: 3, than: "BullMQ" }],
    },
    { name: "drain, 16 at once, 1 ms away, processor time", unit: "µs a task", better: "less" },
  ],
  measure: ({ open, scaled }) => drain(open, 16, scaled(COUNTS[16])),
};

type Open = Parameters<Metric["measure"]>[0]["open"];

async function drain(open: Open, atOnce: number, count: number): Promise<[rate: number, time: number]> {
  const session = await open();
  const list = new Checklist(count);
  await session.addBulk(Array.from({ length: count }, (_, n) => ({ n })));
  const began = performance.now();
  const before = process.cpuUsage();
  const worker = await session.work(atOnce, list.ran);
  await list.all;
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - began) / 1_000;
  await list.check(session);
  await worker.stop();
  return [count / seconds, (user + system) / count];
}
