import { every, Huey, type StorageFactory, type TaskContext } from "@hq/huey";
import type { Record, Start } from "./record.ts";
import type { Host } from "./world.ts";

/** How long a delivery is its holder's, in milliseconds. */
export const LEASE = 10_000;
/** How often the periodic task is due, and how far a consumer looks back for it, in seconds. */
export const PERIOD = 30;
export const CATCH_UP = 90;

/** For {@linkcode openProgram}. */
export interface ProgramOptions {
  host: Host;
  storage: StorageFactory;
  record: Record;
  newId: () => string;
  random: () => number;
  /** Tasks that this version of the program has not. */
  without?: readonly string[];
  periodic: boolean;
}

/** The program that runs in a process: an instance, and its tasks. */
// deno-lint-ignore explicit-function-return-type -- what it gives is what the types of the tasks are inferred from
export function openProgram({ host, storage, record, newId, random, without = [], periodic }: ProgramOptions) {
  const huey = new Huey("simulated", { storage, clock: host.clock, random, lease: LEASE / 1_000 });
  Object.assign(huey.core, { newId });
  const { sleep } = host.clock;

  function start({ id, name }: TaskContext): Start {
    const began: Start = { id, name, at: host.world.now };
    record.starts.push(began);
    record.trace?.(host.name, `begin ${name} ${id}`);
    return began;
  }
  async function working(context: TaskContext, ms: number): Promise<void> {
    const began = start(context);
    try {
      await sleep(ms, context.signal);
    } finally {
      began.until = host.world.now;
    }
  }
  const context = true;

  const tasks = {
    quick: huey.task("quick", { context }, (context, n: number) => {
      start(context);
      return n;
    }),
    slow: huey.task("slow", { context }, async (context, ms: number) => {
      await working(context, ms);
      return ms;
    }),
    flaky: huey.task("flaky", { context, retries: 2, retryDelay: 1 }, (context, n: number) => {
      start(context);
      if (context.attempt < 2) throw new Error("not at the first attempt");
      return n;
    }),
    failing: huey.task("failing", { context }, (context, _n: number): number => {
      start(context);
      throw new Error("never");
    }),
    hasty: huey.task("hasty", { context, timeout: 2, retries: 1 }, async (context, n: number) => {
      await working(context, context.attempt === 1 ? 5_000 : 100);
      return n;
    }),
    once: huey.task(
      "once",
      { context, unique: { key: (key: string) => key } },
      async (context: TaskContext, key: string) => {
        await working(context, 300);
        return key;
      },
    ),
    locked: huey.task("locked", { context, lock: "only" }, async (context, n: number) => {
      await working(context, 400);
      return n;
    }),
    narrow: huey.task("narrow", { context, concurrency: { limit: 2 } }, async (context, n: number) => {
      await working(context, 400);
      return n;
    }),
    limited: huey.task("limited", { context, rateLimit: { limit: 2, per: 3 } }, (context, n: number) => {
      start(context);
      return n;
    }),
    expiring: huey.task("expiring", { context, expires: 2 }, (context, n: number) => {
      start(context);
      return n;
    }),
    handle: huey.task("handle", { context }, (context, error: Error) => {
      start(context);
      return error.message;
    }),
    gather: huey.task("gather", { context }, (context, values: unknown[]) => {
      start(context);
      return values.map((value) => value instanceof Error ? "error" : String(value)).join(" ");
    }),
  };
  if (periodic) {
    const options = { context, catchUp: CATCH_UP, catchUpAll: true } as const;
    huey.periodicTask("tick", every(PERIOD), options, (context) => void start(context));
  }
  for (const name of without) huey.core.registry.remove(name);
  huey.signal(["complete", "dead", "expired", "revoked"], (_, { id }) => record.announce(id));
  return { huey, ...tasks };
}

/** What {@linkcode openProgram} gives. */
export type Program = ReturnType<typeof openProgram>;
