import { Counter } from "../counter.ts";
import { Checklist, type Metric } from "../metric.ts";

const MINUTE = 60_000;
const BURST = 100;

/** What a worker costs that has nothing to do. It takes minutes, since it is the clock's minutes that count. */
export const idle: Metric = {
  name: "idle",
  storages: ["redis", "upstash"],
  rounds: 1,
  rows: [
    {
      name: "idle, the first minute",
      unit: "requests",
      better: "less",
      goals: [{ storage: "redis", value: 10 }, { storage: "upstash", value: 10 }],
    },
    { name: "idle, the first minute, scripts included", unit: "commands", better: "less" },
    {
      name: "idle, the minute after 100 tasks",
      unit: "requests",
      better: "less",
      goals: [{ storage: "redis", value: 10 }, { storage: "upstash", value: 10 }],
    },
    { name: "idle, the minute after 100 tasks, scripts included", unit: "commands", better: "less" },
  ],
  measure: async ({ place, open, scaled }) => {
    const session = await open();
    const pause = () => new Promise((resolve) => setTimeout(resolve, scaled(MINUTE)));
    await session.results(); // connected
    const counter = new Counter(place);
    const list = new Checklist(BURST);
    const before = await counter.read();
    const worker = await session.work(4, list.ran);
    await pause();
    const first = await counter.read();
    await session.addBulk(Array.from({ length: BURST }, (_, n) => ({ n })));
    await list.all;
    await list.check(session);
    const after = await counter.costOf(pause);
    counter.close();
    await worker.stop();
    return [first.requests - before.requests, first.commands - before.commands, after.requests, after.commands];
  },
};
