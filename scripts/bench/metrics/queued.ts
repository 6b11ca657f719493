import type { Metric } from "../metric.ts";
import { median } from "../statistics.ts";
import { add, time } from "./growth.ts";

const FEW = 1_000;
const MANY = 1_000_000;
/** How many jobs are timed in one go, and how often, on either queue by turns. */
const TIMED = 500;
const TURNS = 9;

/** What it costs a task that many others are queued: to be run, and to be added. */
export const queued: Metric = {
  name: "queued",
  storages: ["memory", "sqlite", "redis"],
  rounds: 1,
  isOurs: true,
  rows: [
    { name: "a task run, of 1,000,000 queued", unit: "µs", better: "less" },
    {
      name: "that is, of one of 1,000 queued",
      unit: "times as long",
      better: "less",
      goals: (["memory", "sqlite", "redis"] as const).map((storage) => ({ storage, value: 1.5 })),
    },
    {
      name: "a task added to 1,000,000, of one added to 1,000",
      unit: "times as long",
      better: "less",
      goals: (["memory", "sqlite", "redis"] as const).map((storage) => ({ storage, value: 1.5 })),
    },
  ],
  measure: async ({ open, scaled }) => {
    const few = await open();
    const many = await open("many");
    const timed = Math.max(10, scaled(TIMED));
    await add(few, 0, scaled(FEW));
    await add(many, 0, scaled(MANY));
    const turns: { run: [few: number, many: number]; added: [few: number, many: number] }[] = [];
    for (let turn = 0; turn <= TURNS; turn++) {
      const measured: { few: number[]; many: number[] } = { few: [], many: [] };
      for (const which of turn % 2 === 0 ? ["few", "many"] as const : ["many", "few"] as const) {
        const session = which === "few" ? few : many;
        const began = performance.now();
        await add(session, MANY + turn * timed, timed);
        const took = (performance.now() - began) / timed * 1_000;
        measured[which] = [await time(session, timed), took];
      }
      turns.push({
        run: [measured.few[0], measured.many[0]],
        added: [measured.few[1], measured.many[1]],
      });
    }
    turns.shift(); // to warm up
    return [
      median(turns.map(({ run }) => run[1])),
      median(turns.map(({ run: [few, many] }) => many / few)),
      median(turns.map(({ added: [few, many] }) => many / few)),
    ];
  },
};
