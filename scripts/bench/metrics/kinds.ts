import { inSandbox, type RuntimeName } from "../../../tests/sandbox.ts";
import { computing } from "../computing_app.ts";
import type { Metric } from "../metric.ts";

const RUNTIMES: Record<string, RuntimeName> = { Deno: "deno", Bun: "bun", Node: "node" };
const TASKS = 4;

/** Tasks that compute, for a second each: all at once, with workers of each kind. On two cores the least is 2. */
export const kinds: Metric[] = Object.entries(RUNTIMES).flatMap(([name, runtime]) =>
  ["async", "process", "thread"].map((kind) => ({
    name: "kinds",
    storages: ["sqlite"],
    isOurs: true,
    rounds: 1,
    rows: [{
      name: `${TASKS} tasks that compute, ${name}, -k ${kind} -w ${TASKS}`,
      unit: "times one alone",
      better: "less" as const,
    }],
    measure: async ({ scaled }) => [await time(runtime, kind, scaled(1_000))],
  } satisfies Metric))
);

/** How many times as long all of them take as one takes alone. */
async function time(runtime: RuntimeName, kind: string, ms: number): Promise<number> {
  let ratio = 0;
  await inSandbox(async (sandbox) => {
    const { huey, calibrate, compute } = computing(sandbox.folder);
    const module = "scripts/bench/computing_app.ts";
    const flags = ["-n", "-q", "-k", kind, "-w", `${TASKS}`];
    const consumer = sandbox.start("src/cli/main.ts", ["consume", module, ...flags], runtime);
    try {
      const steps = await (await calibrate(ms)).get({ blocking: true, timeout: "1m" });
      // Each worker has to have made the function fast.
      await all(compute.map(Array.from({ length: TASKS * 2 }, () => [steps! / 20])));
      let alone = Infinity;
      for (let i = 0; i < 3; i++) alone = Math.min(alone, await all(compute.map([[steps!]])));
      ratio = await all(compute.map(Array.from({ length: TASKS }, () => [steps!]))) / alone;
    } finally {
      await huey.close();
      consumer.kill("SIGTERM");
      await consumer.ended;
    }
  });
  return ratio;

  async function all(adding: ReturnType<ReturnType<typeof computing>["compute"]["map"]>): Promise<number> {
    const began = performance.now();
    await Promise.all([...await adding].map((result) => result.get({ blocking: true, timeout: "1m" })));
    return performance.now() - began;
  }
}
