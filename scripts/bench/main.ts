/**
 * `deno task bench [storage…] [--only metric]… [--rounds 5] [--scale 1] [--json file]`: measures the contenders, round by
 * round and by turns, and prints a table for each storage: medians, and ranges in brackets. Fails where a goal is missed.
 * Each round begins on empty servers of the bench's own. `--scale 0.01` is a quick look, whose numbers mean little.
 *
 * @module
 */
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { command } from "../command.ts";
import { findRuntimes } from "../runtimes.ts";
import { OURS, type StorageName } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { Measurer } from "./measurer.ts";
import { metrics } from "./metrics.ts";
import { Places } from "./places.ts";
import { type Report, type ReportedRow, reportRow } from "./report.ts";
import { table } from "./table.ts";

const { values: options, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    rounds: { type: "string", default: "5" },
    scale: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const known = [...new Set(contenders.flatMap(({ storages }) => storages))];
const names = [...new Set(metrics.map(({ name }) => name))];
const storages = positionals.length > 0 ? positionals as StorageName[] : known;
refuse(storages.find((name) => !known.includes(name)), known);
refuse(options.only?.find((name) => !names.includes(name)), names);

function refuse(wrong: string | undefined, right: string[]): void {
  if (wrong === undefined) return;
  console.error(`There is no ${JSON.stringify(wrong)} to measure; there is ${right.join(", ")}`);
  Deno.exit(2);
}

/** Measures everything on one storage. Who is measured first changes from round to round. */
async function measureOn(storage: StorageName, places: Places): Promise<ReportedRow[]> {
  const rows: ReportedRow[] = [];
  const racing = await Promise.all(
    [...contenders.entries()].filter(([, contender]) => contender.storages.includes(storage))
      .map(async ([index, contender]) => ({ ...contender, measurer: await Measurer.start(contender, index) })),
  );
  try {
    for (const [metric, { name, rows: metricRows, rounds = Number(options.rounds), storages }] of metrics.entries()) {
      if (options.only?.includes(name) === false || storages?.includes(storage) === false) continue;
      const valuesOf = metricRows.map(() => new Map<string, number[]>());
      // Where there are several rounds, the first is to warm up.
      for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
        for (let i = 0; i < racing.length; i++) {
          const { name: contender, measurer } = racing[(i + round + 1) % racing.length];
          console.error(
            `${storage}, ${metricRows[0].name}, ${round < 0 ? "warm-up" : `round ${round + 1}`}: ${contender}`,
          );
          const order = { metric, place: await places.empty(storage), scale: Number(options.scale) };
          const measured = await measurer.measure(order);
          if (round < 0) continue;
          for (const [row, value] of measured.entries()) {
            if (value !== undefined) valuesOf[row].set(contender, [...valuesOf[row].get(contender) ?? [], value]);
          }
        }
      }
      rows.push(
        ...metricRows.flatMap((row, i) => valuesOf[i].size > 0 ? [reportRow(row, storage, valuesOf[i], OURS)] : []),
      );
    }
  } finally {
    await Promise.all(racing.map(({ measurer }) => measurer.close()));
  }
  return rows;
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

const places = await Places.start();
const rows: ReportedRow[] = [];
try {
  for (const storage of storages) {
    rows.push(...await measureOn(storage, places));
    console.log(`\n${table(storage, rows)}`);
  }
} finally {
  await places.close();
}
const report: Report = {
  command: ["deno task bench", ...Deno.args].join(" "),
  date: new Date().toISOString(),
  machine: await machine(),
  rows,
};
if (options.json) Deno.writeTextFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\n${Object.values(report.machine).join("; ")}`);

const missed = rows.flatMap(({ storage, name, goals }) =>
  goals.filter(({ reached }) => !reached).map(() => `${storage}: ${name}`)
);
for (const goal of missed) console.log(`missed: ${goal}`);
Deno.exit(missed.length > 0 ? 1 : 0);
