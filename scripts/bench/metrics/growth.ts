import type { Session } from "../contender.ts";
import { Checklist, type Metric } from "../metric.ts";
import { median } from "../statistics.ts";

const FINISHED = 1_000_000;
const QUEUED = 100_000;
/** How many jobs are timed in one go, and how often, on either store by turns. */
const TIMED = 1_000;
const TURNS = 15;
const BULK = 10_000;

/** Adds many, a bulk at a time. */
export async function add(session: Session, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n += BULK) {
    const size = Math.min(BULK, from + count - n);
    await session.addBulk(Array.from({ length: size }, (_, i) => ({ n: n + i })));
  }
}

/** Microseconds that a worker takes for a job, one after the other. */
export async function time(session: Session, timed: number): Promise<number> {
  let count = 0;
  let began = 0;
  let onEnough: () => void;
  const enough = new Promise<void>((resolve) => onEnough = resolve);
  const worker = await session.work(1, () => {
    if (count++ === 0) began = performance.now();
    if (count === timed) onEnough();
  });
  await enough;
  const took = performance.now() - began;
  await worker.stop();
  return took / (timed - 1) * 1_000;
}

/** What it costs a task that many others are stored. */
export const growth: Metric = {
  name: "growth",
  storages: ["memory", "sqlite", "redis", "deno-kv"],
  rounds: 1,
  isOurs: true,
  rows: [
    { name: "a task among none", unit: "µs", better: "less" },
    { name: "a task beside 1,000,000 finished and 100,000 queued ones", unit: "µs", better: "less" },
    { name: "that is", unit: "times as long", better: "less", goals: [{ storage: "redis", value: 1.2 }] },
  ],
  measure: async ({ open, scaled }) => {
    const small = await open();
    const large = await open("large");
    const list = new Checklist(scaled(FINISHED));
    const timed = Math.max(10, scaled(TIMED));
    const worker = await large.work(64, list.ran);
    await add(large, 0, scaled(FINISHED));
    await list.all;
    await list.check(large);
    await worker.stop();
    await add(large, scaled(FINISHED), scaled(QUEUED) + (TURNS + 1) * timed);

    const times: { small: number; large: number }[] = [];
    for (let turn = 0; turn <= TURNS; turn++) {
      await add(small, turn * timed, timed);
      times.push(
        turn % 2 === 0
          ? { small: await time(small, timed), large: await time(large, timed) }
          : { large: await time(large, timed), small: await time(small, timed) },
      );
    }
    times.shift(); // to warm up
    return [
      median(times.map(({ small }) => small)),
      median(times.map(({ large }) => large)),
      median(times.map(({ small, large }) => large / small)),
    ];
  },
};
