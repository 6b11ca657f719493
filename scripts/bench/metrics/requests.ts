import type { Session } from "../contender.ts";
import { Counter } from "../counter.ts";
import { Checklist, type Goal, type Metric } from "../metric.ts";

const BATCH = 20;
const BATCHES = 10;
const LONE = 10;
/** Milliseconds in which a worker has settled what it ran, and is idle. */
const REST = 100;

function atMost(value: number): Goal[] {
  return [{ storage: "redis", value }, { storage: "upstash", value }];
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}

/** Runs what is queued. Who cannot drain has a worker for it, whose start counts too. */
async function run(session: Session, atOnce: number, list: Checklist): Promise<void> {
  if (session.drain) return await session.drain(atOnce, list.ran);
  const worker = await session.work(atOnce, list.ran);
  await list.all;
  await rest();
  await worker.stop();
}

/** What a task costs the server. It is the same every time. */
export const requests: Metric = {
  name: "requests",
  storages: ["redis", "upstash"],
  rounds: 1,
  rows: [
    { name: "enqueue, one task", unit: "requests", better: "less", goals: atMost(1) },
    { name: "enqueue, one task, in scripts", unit: "commands", better: "less" },
    { name: "enqueue, 100 in bulk", unit: "requests", better: "less", goals: atMost(1) },
    { name: "drain that finds nothing", unit: "requests", better: "less", goals: atMost(1) },
    { name: "drain that finds nothing, scripts included", unit: "commands", better: "less" },
    { name: "a task alone, by a drain", unit: "requests", better: "less", goals: atMost(2) },
    {
      name: "a task alone, by a worker that waits",
      unit: "requests",
      better: "less",
      goals: [{ storage: "redis", value: 2 }],
    },
    { name: "a task alone, in scripts", unit: "commands", better: "less" },
    { name: "a task in batches of 20", unit: "requests", better: "less", goals: atMost(0.2) },
    { name: "a task in batches of 20, in scripts", unit: "commands", better: "less", goals: atMost(1) },
  ],
  measure: async ({ place, open }) => {
    const session = await open();
    // Connected, and the scripts are there.
    const first = new Checklist(1);
    await session.add({ n: 0 });
    await run(session, 1, first);
    const counter = new Counter(place);
    let n = 1;

    const one = await counter.costOf(() => session.add({ n: n++ }));
    const waiting = new Checklist(1, n - 1);
    const alone = await counter.costOf(() => run(session, 1, waiting));
    const hundred = Array.from({ length: 100 }, () => ({ n: n++ }));
    const bulk = await counter.costOf(() => session.addBulk(hundred));
    await run(session, 10, new Checklist(100, n - 100));
    const empty = session.drain && await counter.costOf(() => session.drain!(10, () => {}));

    let woken: number | undefined;
    if (place.storage !== "upstash") {
      const list = new Checklist(LONE, n);
      const worker = await session.work(1, list.ran);
      await rest();
      const cost = await counter.costOf(async () => {
        for (let i = 0; i < LONE; i++) {
          await session.add({ n: n++ });
          await rest();
        }
      });
      await list.all;
      await worker.stop();
      woken = cost.requests / LONE - one.requests;
    }

    const batches = { requests: 0, commands: 0 };
    for (let i = 0; i < BATCHES; i++) {
      const list = new Checklist(BATCH, n);
      await session.addBulk(Array.from({ length: BATCH }, () => ({ n: n++ })));
      const cost = await counter.costOf(() => run(session, BATCH, list));
      await list.check(session, n);
      batches.requests += cost.requests;
      batches.commands += cost.commands;
    }
    counter.close();

    const tasks = BATCH * BATCHES;
    return [
      one.requests,
      one.commands - one.requests,
      bulk.requests,
      empty?.requests,
      empty?.commands,
      alone.requests,
      woken,
      alone.commands - alone.requests,
      batches.requests / tasks,
      (batches.commands - batches.requests) / tasks,
    ];
  },
};
