import { mkdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { startRedis } from "../redis_server.ts";
import { type RuntimeName, Sandbox } from "../sandbox.ts";
import { Journal, Record } from "./journals.ts";
import { openQueue, type PartyOptions } from "./party.ts";

/** For {@linkcode countStarts}. */
export interface StartsOptions {
  storage: "sqlite" | "redis";
  tasks: number;
  consumers: number;
  /** Of each. */
  workers: number;
  lease: `${number}s`;
  runtime?: RuntimeName;
}

/** What came of it. */
export interface StartsReport {
  tasks: number;
  starts: number;
  twice: string[];
  never: string[];
  seconds: number;
}

const AT_ONCE = 1_000;

/** Runs tasks where nothing fails, and counts how often each of them is started. */
export async function countStarts(options: StartsOptions): Promise<StartsReport> {
  const { storage, tasks, consumers, workers, lease, runtime } = options;
  const sandbox = new Sandbox();
  const server = storage === "redis" ? await startRedis() : undefined;
  const began = performance.now();
  try {
    const journals = `${sandbox.folder}/journals`;
    mkdirSync(journals);
    const shared: PartyOptions = {
      port: server?.port,
      path: `${sandbox.folder}/huey.db`,
      journals,
      lease,
      workers,
      longest: 0,
      ready: 0,
    };
    const record = new Record();
    const { huey, close, tally } = openQueue(shared, () => {});
    const started = Array.from({ length: consumers }, (_, i) => {
      const name = `consume.${i}`;
      const child = sandbox.start("tests/chaos/party.ts", ["consume", JSON.stringify(shared), name], runtime);
      return { child, journal: new Journal(journals, name, record) };
    });
    const ids: string[] = [];
    while (ids.length < tasks) {
      const some = Array.from({ length: Math.min(AT_ONCE, tasks - ids.length) }, () => tally.s(""));
      ids.push(...some.map(({ id }) => id));
      await huey.enqueue(some);
    }
    for (let left = 1; left > 0;) {
      await setTimeout(100);
      const { queued, scheduled, running } = await huey.counts();
      left = queued + scheduled + running;
      const gone = started.find(({ child }) => child.isOver);
      if (gone) throw new Error(`A consumer has ended by itself:\n${gone.child.output}`);
    }
    for (const { child, journal } of started) {
      child.kill("SIGTERM");
      await child.ended;
      journal.close();
    }
    await huey.close();
    close();
    return {
      tasks,
      starts: record.begun.values().reduce((sum, count) => sum + count, 0),
      twice: ids.filter((id) => record.begun.get(id)! > 1),
      never: ids.filter((id) => !record.begun.has(id)),
      seconds: Math.round((performance.now() - began) / 1_000),
    };
  } finally {
    await sandbox.close();
    await server?.stop();
  }
}
