import { Checklist, type Metric } from "../metric.ts";

const ALONE = 300;
const TOGETHER = 2_000;
const AT_ONCE = 16;

/** From the call to its result, with a worker that is there. */
export const roundTrip: Metric = {
  name: "round trip",
  rows: [
    {
      name: "result round trip, one after the other",
      unit: "/s",
      better: "more",
      goals: [{ storage: "redis", value: 2, than: "BullMQ" }],
    },
    {
      name: "result round trip, calls made together",
      unit: "/s",
      better: "more",
      goals: [{ storage: "redis", value: 2, than: "BullMQ" }],
    },
  ],
  measure: async ({ open, scaled }) => {
    const session = await open();
    const [alone, together] = [scaled(ALONE), scaled(TOGETHER)];
    const list = new Checklist(alone + together + 1);
    const worker = await session.work(AT_ONCE, list.ran);
    const call = async (n: number): Promise<void> => {
      const { result } = await session.add({ n });
      const given = await result!();
      if (given !== n) throw new Error(`The result of job ${n} is ${given}`);
    };
    const first = await session.add({ n: 0 });
    if (!first.result) {
      await worker.stop();
      return [undefined, undefined];
    }
    await first.result(); // connected

    const began = performance.now();
    for (let n = 1; n <= alone; n++) await call(n);
    const between = performance.now();
    await Promise.all(Array.from({ length: together }, (_, i) => call(alone + 1 + i)));
    const ended = performance.now();
    await list.check(session);
    await worker.stop();
    return [alone / (between - began) * 1_000, together / (ended - between) * 1_000];
  },
};
