/**
 * `deno task bench [storage…] [--only metric]… [--contender name]… [--beside folder] [--rounds 5] [--scale 1] [--json file]
 * [--chart file]`: measures the contenders, round by round and by turns, and prints a table for each storage: medians, and
 * ranges in brackets. Fails where a goal is missed. Each round begins on empty servers of the bench's own. `--beside`
 * measures another checkout of ours, too, for ratios of before and after. `--scale 0.01` is a quick look, whose numbers
 * mean little.
 *
 * @module
 */
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { command } from "../command.ts";
import { findRuntimes } from "../runtimes.ts";
import { chart } from "./chart.ts";
import { type Contender, OURS, type StorageName } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { Measurer } from "./measurer.ts";
import type { Metric } from "./metric.ts";
import { metrics } from "./metrics.ts";
import { Places } from "./places.ts";
import { type Report, type ReportedRow, reportRow } from "./report.ts";
import { table } from "./table.ts";

const { values: options, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    contender: { type: "string", multiple: true },
    beside: { type: "string" },
    rounds: { type: "string", default: "5" },
    scale: { type: "string", default: "1" },
    json: { type: "string" },
    chart: { type: "string" },
  },
});
const known = [...new Set(contenders.flatMap(({ storages }) => storages))];
const names = [...new Set(metrics.map(({ name }) => name))];
const storages = positionals.length > 0 ? positionals as StorageName[] : known;
refuse(storages.find((name) => !known.includes(name)), known);
refuse(options.only?.find((name) => !names.includes(name)), names);
refuse(
  options.contender?.find((wanted) => !contenders.some(({ name }) => name === wanted)),
  [...new Set(contenders.map(({ name }) => name))],
);

function refuse(wrong: string | undefined, right: string[]): void {
  if (wrong === undefined) return;
  console.error(`There is no ${JSON.stringify(wrong)} to measure; there is ${right.join(", ")}`);
  Deno.exit(2);
}

/** Somebody with the process in which it is measured. */
interface Racer extends Contender {
  index: number;
  measurer: Measurer;
}

async function racersOn(storage: StorageName): Promise<Racer[]> {
  const wanted = [...contenders.entries()]
    .map(([index, contender]) => ({ ...contender, index }))
    .filter(({ name, storages }) => storages.includes(storage) && options.contender?.includes(name) !== false);
  const { beside } = options;
  const others = beside === undefined ? [] : wanted
    .filter(({ name }) => name === OURS)
    .map((ours) => ({ ...ours, name: `${OURS} in ${beside}`, root: beside }));
  if (wanted.some(({ isPeer }) => isPeer)) {
    const { ok, output } = await command([Deno.execPath(), "install"], { cwd: `${import.meta.dirname}/peers` });
    if (!ok) throw new Error(`Cannot install what scripts/bench/peers/deno.json names:\n${output}`);
  }
  return await Promise.all(
    [...wanted, ...others].map(async (one) => ({ ...one, measurer: await Measurer.start(one, one.index) })),
  );
}

/** Measures something, round by round. Who is measured first changes from round to round. */
async function race(metric: Metric, storage: StorageName, racers: Racer[], places: Places): Promise<ReportedRow[]> {
  const { rows, isFresh, isAway, rounds = Number(options.rounds) } = metric;
  const valuesOf = rows.map(() => new Map(racers.map(({ name }): [string, number[]] => [name, []])));
  const turns = isFresh ? 1 : rounds;
  // Where there are several rounds, the first is to warm up.
  for (let round = turns > 1 ? -1 : 0; round < turns; round++) {
    for (let i = 0; i < racers.length; i++) {
      const racer = racers[(i + round + 1) % racers.length];
      console.error(`${storage}, ${rows[0].name}, ${round < 0 ? "warm-up" : `round ${round + 1}`}: ${racer.name}`);
      if (isFresh) {
        await racer.measurer.close();
        racer.measurer = await Measurer.start(racer, racer.index);
      }
      const place = await places.empty(storage, { isAway });
      const measured = await racer.measurer.measure({ metric: rows[0].name, place, scale: Number(options.scale) });
      if (round < 0) continue;
      for (const [row, value] of measured.entries()) {
        if (value !== undefined) valuesOf[row].get(racer.name)!.push(value);
      }
    }
  }
  return rows.flatMap((row, i) => {
    const elsewhere = (other: string): number | undefined =>
      all.find(({ storage, name }) => storage === other && name === row.name)
        ?.scores.find(({ contender }) => contender === OURS)?.median;
    const values = new Map([...valuesOf[i]].filter(([, values]) => values.length > 0));
    return values.size > 0 ? [reportRow(row, storage, values, OURS, elsewhere)] : [];
  });
}

async function measureOn(storage: StorageName, places: Places): Promise<void> {
  const racers = await racersOn(storage);
  try {
    for (const metric of metrics) {
      const { name, storages, isOurs } = metric;
      if (options.only?.includes(name) === false || storages?.includes(storage) === false) continue;
      const running = racers.filter(({ isPeer, only }) => only?.includes(name) !== false && !(isOurs && isPeer));
      all.push(...await race(metric, storage, running, places));
    }
  } finally {
    await Promise.all(racers.map(({ measurer }) => measurer.close()));
  }
}

async function machine(): Promise<Report["machine"]> {
  const redis = await command(["redis-server", "--version"]);
  const runtimes = await Promise.all((await findRuntimes()).map(async ({ name, program }) => {
    return [name, program ? (await command([program, "--version"])).output.split("\n")[0].trim() : "none"];
  }));
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    system: `${Deno.build.os} ${release()}`,
    ...Object.fromEntries(runtimes),
    redis: /v=(\S+)/.exec(redis.output)?.[1] ?? "none",
  };
}

const all: ReportedRow[] = [];
const places = await Places.start();
try {
  // Redis first, for what is compared with it.
  for (const storage of storages.toSorted((a, b) => Number(b === "redis") - Number(a === "redis"))) {
    await measureOn(storage, places);
    console.log(`\n${table(storage, all)}`);
  }
} finally {
  await places.close();
}
const report: Report = {
  command: ["deno task bench", ...Deno.args].join(" "),
  date: new Date().toISOString(),
  machine: await machine(),
  rows: all,
};
if (options.json) Deno.writeTextFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (options.chart) Deno.writeTextFileSync(options.chart, chart(report));
console.log(`\n${Object.values(report.machine).join("; ")}`);

const missed = all.flatMap(({ storage, name, goals }) =>
  goals.filter(({ reached }) => !reached).map(() => `${storage}: ${name}`)
);
for (const goal of missed) console.log(`missed: ${goal}`);
Deno.exit(missed.length > 0 && Number(options.scale) >= 1 ? 1 : 0);
