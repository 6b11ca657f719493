import { Checklist, type Metric } from "../metric.ts";
import { quantile } from "../statistics.ts";

const COUNT = 300;
/** Milliseconds in which a worker becomes idle again. */
const PAUSE = 5;
/** Milliseconds after which no further job is added. */
const LONGEST = 15_000;

/** From the call until the job begins on a worker that had nothing to do. */
export const latency: Metric = {
  name: "latency",
  storages: ["memory", "sqlite", "redis", "deno-kv"], // on the others a worker is not woken
  rows: [
    {
      name: "enqueue to start, p50",
      unit: "ms",
      better: "less",
      goals: [
        { storage: "redis", value: 1, than: "BullMQ" },
        { storage: "deno-kv", value: 10, than: "Deno KV's queue" },
      ],
    },
    {
      name: "enqueue to start, p99",
      unit: "ms",
      better: "less",
      goals: [
        { storage: "redis", value: 10 },
        { storage: "redis", value: 1, than: "BullMQ" },
        { storage: "sqlite", value: 20 },
      ],
    },
  ],
  measure: async ({ open, scaled }) => {
    const session = await open();
    const lists: Checklist[] = [];
    const starts: number[] = [];
    const worker = await session.work(1, (n) => {
      starts[n] = performance.now();
      lists[n].ran(n);
    });
    const waits: number[] = [];
    // Who only looks now and then takes long, so fewer have to do.
    const enough = performance.now() + scaled(LONGEST);
    for (let n = 0; n < scaled(COUNT) && performance.now() < enough; n++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      lists[n] = new Checklist(1, n);
      const called = performance.now();
      await Promise.all([session.add({ n }), lists[n].all]);
      waits.push(starts[n] - called);
    }
    for (const list of lists) await list.check(session, lists.length);
    await worker.stop();
    return [quantile(waits, 0.5), quantile(waits, 0.99)];
  },
};
