/**
 * `deno task soak`: one consumer that is given so many tasks a second for so many minutes, with two periodic tasks each
 * minute. Tells how much memory it has, and ends with 1 if that has grown by more than a tenth since the warm-up, or
 * something was lost.
 *
 * @module
 */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startRedis } from "../redis_server.ts";
import { type RuntimeName, Sandbox } from "../sandbox.ts";
import { openQueue, type PartyOptions } from "./party.ts";

interface Sample {
  rss: number;
  heapUsed: number;
  complete: number;
  error: number;
  dead: number;
  slots: number;
  doubled: number;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "10" },
    storage: { type: "string", default: "sqlite" },
    runtime: { type: "string" },
  },
});
const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
/** A sixth of it, ten minutes of an hour. */
const step = minutes / 6;

const sandbox = new Sandbox();
const server = values.storage === "redis" ? await startRedis() : undefined;
const path = `${sandbox.folder}/huey.db`;
const shared: PartyOptions = {
  port: server?.port,
  path,
  journals: "",
  lease: "10s",
  workers: 8,
  longest: 100,
  ready: 0,
};
const { huey, work, close } = openQueue(shared, () => {});
const child = sandbox.start("tests/chaos/soak_consumer.ts", [JSON.stringify(shared)], values.runtime as RuntimeName);
const began = performance.now();
let enqueued = 0;

/** The samples of the last minute, averaged: memory goes up and down with each collection. */
function sample(): Sample {
  const lines = child.output.trim().split("\n").slice(-12).map((line) => JSON.parse(line) as Sample);
  const mean = (key: "rss" | "heapUsed"): number => lines.reduce((sum, line) => sum + line[key], 0) / lines.length;
  return { ...lines.at(-1)!, rss: mean("rss"), heapUsed: mean("heapUsed") };
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

let failed = false;
try {
  const at: number[] = [];
  for (let mark = 1; mark <= 6; mark++) {
    while (performance.now() - began < mark * step * 60_000) {
      if (child.isOver) throw new Error(`The consumer has ended:\n${child.output.slice(-2_000)}`);
      // What is behind time is caught up.
      const owed = Math.floor((performance.now() - began) / 1_000 * rate) - enqueued;
      for (let i = 0; i < owed; i++) await work(Math.random() * shared.longest);
      enqueued += Math.max(0, owed);
      await setTimeout(1_000 / rate);
    }
    const { rss, heapUsed, ...counts } = sample();
    at.push(rss);
    console.log(
      `${(mark * step).toFixed(1)} min: ${megabytes(rss)} resident, ${megabytes(heapUsed)} heap, ` +
        `${enqueued} enqueued, ${JSON.stringify(counts)}`,
    );
  }
  while ((await huey.counts()).queued > 0) await setTimeout(100);
  await setTimeout(6_000);
  const { complete, dead, doubled, slots } = sample();
  const growth = Math.max(...at.slice(1)) / at[0] - 1;
  console.log(`grown by ${(growth * 100).toFixed(1)} % at the most since the warm-up`);
  const missing = enqueued + 2 * slots - complete;
  console.log(`${missing} of ${enqueued} tasks and ${2 * slots} slots have not ended, ${doubled} slots doubled`);
  failed = growth > 0.1 || missing > 1 || dead + doubled > 0;
} finally {
  child.kill("SIGTERM");
  await child.ended;
  await huey.close();
  close();
  await sandbox.close();
  await server?.stop();
}
process.exit(failed ? 1 : 0);
