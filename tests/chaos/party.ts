/**
 * One process of a chaos: `party.ts produce|consume <options> <journal>`. What it does it writes down, each thing as it happens, in a journal
 * of its own, which outlives it.
 *
 * @module
 */
import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { Huey, type StorageFactory, type TaskContext } from "../../mod.ts";
import { redis } from "../../adapters/redis.ts";
import { sqlite } from "../../adapters/sqlite.ts";

/** What all processes of a chaos are told. */
export interface PartyOptions {
  /** The port of a Redis; absent: SQLite. */
  port?: number;
  /** The path of the database. */
  path: string;
  /** The folder of the journals. */
  journals: string;
  /** Seconds, or a string with its unit. */
  lease: `${number}s`;
  /** How many tasks a consumer runs at once. */
  workers: number;
  /** How long a task takes at the most, in milliseconds. */
  longest: number;
  /** How many tasks may lie ready before a producer makes a pause. */
  ready: number;
}

/** How many pipelines a producer enqueues at once. */
const BATCH = 40;

/** The storage, and what lets go of it. */
export function openStorage({ port, path }: PartyOptions): { storage: StorageFactory; close(): void } {
  if (port === undefined) return { storage: sqlite(path), close: () => {} };
  const client = new Redis({ port });
  client.on("error", () => {}); // without it ioredis prints to the console
  return { storage: redis(client), close: () => client.disconnect() };
}

/** The queue of a chaos, and its tasks: one that takes a while, and one that follows from it. */
// deno-lint-ignore explicit-function-return-type -- what it gives is what the types of the tasks are inferred from
export function openQueue(options: PartyOptions, note: (line: string) => void, name = "") {
  const { storage, close } = openStorage(options);
  // Killed as often as here, a task is no poison.
  const huey = new Huey("chaos", { storage, lease: options.lease, maxDeliveries: 1_000_000 });
  let runs = 0;
  const begin = ({ id, deliveries }: TaskContext): string => {
    const run = `${name}-${runs++}`;
    note(`begun ${id} ${run} ${Date.now()} ${deliveries}`);
    return run;
  };
  return {
    huey,
    close,
    work: huey.task("work", { context: true }, async (context, ms: number) => {
      const run = begin(context);
      if (ms > 0) await setTimeout(ms);
      return run;
    }),
    tally: huey.task("tally", { context: true }, (context, _run: string) => begin(context)),
  };
}

/** A new journal. */
function openJournal(folder: string, name: string): (line: string) => void {
  const file = openSync(`${folder}/${name}`, "ax");
  return (line) => void writeSync(file, `${line}\n`);
}

async function produce(options: PartyOptions, name: string): Promise<void> {
  const note = openJournal(options.journals, name);
  const { huey, work, tally } = openQueue(options, note, name);
  for (;;) {
    try {
      while ((await huey.counts()).queued > options.ready) await setTimeout(20);
      const pipelines = Array.from({ length: BATCH }, () => {
        const [first, second] = [work.s(Math.random() * options.longest), tally.s()];
        return { pipeline: first.pipe(second), line: `accepted ${first.id} ${second.id}` };
      });
      await huey.enqueue(pipelines.map(({ pipeline }) => pipeline));
      note(pipelines.map(({ line }) => line).join("\n"));
    } catch {
      // Not accepted, or not known to be.
      await setTimeout(20);
    }
  }
}

async function consume(options: PartyOptions, name: string): Promise<void> {
  const note = openJournal(options.journals, name);
  const { huey, close } = openQueue(options, note, name);
  huey.signal(["complete", "dead"], (signal, { id }) => note(`${signal} ${id}`));
  const consumer = huey.createConsumer({ workers: options.workers });
  process.once("SIGTERM", () => void consumer.stop());
  note("ready");
  await consumer.run();
  await huey.close();
  close();
}

const [role, options, name] = process.argv.slice(2);
if (role === "produce") await produce(JSON.parse(options), name);
if (role === "consume") await consume(JSON.parse(options), name);
