import { Checklist, type Metric } from "../metric.ts";

/** So many jobs are drained, by how many run at once. */
const COUNTS = { 1: 2_000, 16: 10_000, 64: 20_000 };

/** Running what is queued, by a worker that is started when all of it is there. */
export const drains: Metric[] = Object.entries(COUNTS).map(([atOnce, count]) => ({
  name: "drain",
  rows: [{ name: `drain, ${atOnce} at once`, unit: "/s", better: "more" }],
  measure: async ({ open, scaled }) => {
    const session = await open();
    const list = new Checklist(scaled(count));
    await session.addBulk(Array.from({ length: scaled(count) }, (_, n) => ({ n })));
    const began = performance.now();
    const worker = await session.work(Number(atOnce), list.ran);
    await list.all;
    const seconds = (performance.now() - began) / 1_000;
    await list.check(session);
    await worker.stop();
    return [scaled(count) / seconds];
  },
}));
