/**
 * `deno task chaos`: real processes, killed at random instants. Tells what was lost, what was doubled, and how long it
 * took until what a killed process had in hands was begun by another. Ends with 1 if a promise was broken.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { Random } from "../random.ts";
import type { RuntimeName } from "../sandbox.ts";
import { Chaos } from "./chaos.ts";
import { countStarts } from "./starts.ts";

const HELP = `deno task chaos [--storage sqlite|redis] [flags]

Kills a consumer with at least --in-hands tasks in its hands, again and again, and now and then a producer, the Redis
server, or the room on the disk (which needs the right to mount).

  --cycles N      how many kills (100)
  --minutes N     or for how long, whichever is first (8)
  --every N       at most one every N milliseconds (700): to wait for a lease, a task needs others that live
  --in-hands N    how many tasks a consumer has in hands when it is killed (50)
  --consumers N   how many processes consume (3)
  --workers N     how many tasks each runs at once (64)
  --lease TIME    the lease of a delivery (10s)
  --runtime NAME  what runs them: deno, bun or node (the one that runs this)
  --seed N        where chance begins (the time)
  --tasks N       kill nobody, run N tasks on --consumers processes with --workers each, and count how often each starts
`;

const { values } = parseArgs({
  options: {
    storage: { type: "string", default: "sqlite" },
    cycles: { type: "string", default: "100" },
    minutes: { type: "string", default: "8" },
    every: { type: "string", default: "700" },
    "in-hands": { type: "string", default: "50" },
    consumers: { type: "string", default: "3" },
    workers: { type: "string", default: "64" },
    lease: { type: "string", default: "10s" },
    runtime: { type: "string" },
    seed: { type: "string", default: `${Date.now()}` },
    tasks: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (values.storage !== "sqlite" && values.storage !== "redis") throw new TypeError("--storage is sqlite or redis");

const shared = {
  storage: values.storage as "sqlite" | "redis",
  consumers: Number(values.consumers),
  workers: Number(values.workers),
  lease: values.lease as `${number}s`,
  runtime: values.runtime as RuntimeName | undefined,
};

if (values.tasks !== undefined) {
  const report = await countStarts({ ...shared, tasks: Number(values.tasks) });
  console.log(JSON.stringify(report));
  process.exit(report.twice.length + report.never.length > 0 ? 1 : 0);
}

console.log(`seed ${values.seed}, ${values.storage}`);
const chaos = new Chaos({
  ...shared,
  cycles: Number(values.cycles),
  minutes: Number(values.minutes),
  every: Number(values.every),
  inHands: Number(values["in-hands"]),
  fullDisk: true,
  random: new Random(Number(values.seed)),
  report: (line) => console.log(line),
});
process.once("SIGINT", () => void chaos.close().then(() => process.exit(130)));
const report = await chaos.run();
const { lost, doubled, dead, unclean, ...counts } = report;
console.log(JSON.stringify(counts));
console.log(`lost ${lost.length}, doubled ${doubled.length}, dead ${dead.length}, unclean ends ${unclean.length}`);
for (const line of [...lost, ...doubled, ...dead, ...unclean].slice(0, 20)) console.log(line);
process.exit(lost.length + doubled.length + dead.length + unclean.length > 0 ? 1 : 0);
