import { Checklist, type Metric } from "../metric.ts";
import { quantile } from "../statistics.ts";

const COUNT = 300;
/** Milliseconds in which a worker becomes idle again. */
const PAUSE = 5;

/** From the call until the job begins on a worker that had nothing to do. */
export const latency: Metric = {
  name: "latency",
  storages: ["memory", "sqlite", "redis", "deno-kv"], // on the others a worker is not woken
  rows: [
    { name: "enqueue to start, p50", unit: "ms", better: "less" },
    {
      name: "enqueue to start, p99",
      unit: "ms",
      better: "less",
      goals: [{ storage: "redis", value: 10 }, { storage: "sqlite", value: 20 }],
    },
  ],
  measure: async ({ open, scaled }) => {
    const session = await open();
    const list = new Checklist(scaled(COUNT));
    const starts: number[] = [];
    let onStart: () => void = () => {};
    const worker = await session.work(1, (n) => {
      starts[n] = performance.now();
      list.ran(n);
      onStart();
    });
    const waits: number[] = [];
    for (let n = 0; n < scaled(COUNT); n++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      const started = new Promise<void>((resolve) => onStart = resolve);
      const called = performance.now();
      await Promise.all([session.add({ n }), started]);
      waits.push(starts[n] - called);
    }
    await list.check(session);
    await worker.stop();
    return [quantile(waits, 0.5), quantile(waits, 0.99)];
  },
};
