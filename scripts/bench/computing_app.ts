import process from "node:process";
import { Huey } from "../../mod.ts";
import { sqlite } from "../../adapters/sqlite.ts";

/** The queue in a folder whose tasks do nothing but compute. */
export function computing(folder: string) {
  const huey = new Huey("computing", { storage: sqlite(`${folder}/huey.db`) });
  return {
    huey,
    /** How many steps take so many milliseconds, where it runs alone. */
    calibrate: huey.task("calibrate", (ms: number) => {
      compute(STEPS); // to warm up
      const began = performance.now();
      compute(STEPS);
      return Math.round(STEPS * ms / (performance.now() - began));
    }),
    compute: huey.task("compute", compute),
  };
}

const STEPS = 50_000_000;

function compute(steps: number): number {
  let x = 1;
  for (let i = 0; i < steps; i++) x = (x * 48_271) % 2_147_483_647;
  return x;
}

export const { huey } = computing(process.env.HUEY_TEST_FOLDER ?? "");
