import type { Job } from "../contender.ts";
import type { Metric } from "../metric.ts";

const ALONE = 300;
const TOGETHER = 2_000;
const BULK = 10_000;

function jobs(count: number): Job[] {
  return Array.from({ length: count }, (_, n) => ({ n }));
}

/** How many of something were done a second. */
async function rate(count: number, something: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await something();
  return count / (performance.now() - began) * 1_000;
}

/** Adding jobs. */
export const enqueue: Metric = {
  name: "enqueue",
  rows: [
    { name: "enqueue, one after the other", unit: "/s", better: "more" },
    {
      name: "enqueue, calls made together",
      unit: "/s",
      better: "more",
      goals: [{ storage: "redis", value: 4, than: "BullMQ" }],
    },
    {
      name: "enqueue, in bulk",
      unit: "/s",
      better: "more",
      goals: [{ storage: "redis", value: 8, than: "BullMQ" }, { storage: "sqlite", value: 1, than: "plainjob" }],
    },
  ],
  measure: async ({ open, scaled }) => {
    const session = await open();
    await session.add({ n: 0 }); // connected
    const [alone, together, bulk] = [ALONE, TOGETHER, BULK].map((count) => jobs(scaled(count)));
    return [
      await rate(alone.length, async () => {
        for (const job of alone) await session.add(job);
      }),
      await rate(together.length, () => Promise.all(together.map((job) => session.add(job)))),
      await rate(bulk.length, () => session.addBulk(bulk)),
    ];
  },
};
