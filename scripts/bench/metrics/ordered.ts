import type { Job, Session } from "../contender.ts";
import { Checklist, type Metric, type Row, type Setting } from "../metric.ts";

const COUNT = 5_000;
const AT_ONCE = 16;
const PRIORITIES = 10;
/** Milliseconds: for how long jobs are scheduled, and how long after that a worker is started. */
const DELAY = 1_000;
const LATER = 100;

/** How many a second are drained of jobs like these. */
async function rate(session: Session, jobs: Job[], wait = 0): Promise<number> {
  const list = new Checklist(jobs.length, jobs[0].n);
  await session.addBulk(jobs);
  await new Promise((resolve) => setTimeout(resolve, wait));
  const began = performance.now();
  const worker = await session.work(AT_ONCE, list.ran);
  await list.all;
  const seconds = (performance.now() - began) / 1_000;
  await worker.stop();
  return jobs.length / seconds;
}

function rows(what: string): Row[] {
  return [
    { name: `drain ${what}, ${AT_ONCE} at once`, unit: "/s", better: "more" },
    {
      name: `that is, of one without`,
      unit: "part",
      better: "more",
      goals: (["redis", "sqlite", "memory"] as const).map((storage) => ({ storage, value: 0.75 })),
    },
  ];
}

/** Two drains after one another in one place: plain jobs, and those that differ. */
async function compare(
  { open, scaled }: Setting,
  can: (session: Session) => boolean,
  differ: (n: number) => Partial<Job>,
  wait?: number,
): Promise<(number | undefined)[]> {
  const session = await open();
  if (!can(session)) return [undefined, undefined];
  const jobs = Array.from({ length: scaled(COUNT) }, (_, n) => ({ n }));
  const plain = await rate(session, jobs);
  const other = await rate(await open("other"), jobs.map(({ n }) => ({ n, ...differ(n) })), wait);
  return [other, other / plain];
}

/** Running what has priorities, and what was scheduled and is due. */
export const ordered: Metric[] = [
  {
    name: "ordered",
    rows: rows("by priority"),
    measure: (setting) =>
      compare(setting, ({ hasPriorities = true }) => hasPriorities, (n) => ({ priority: n % PRIORITIES })),
  },
  {
    name: "ordered",
    rows: rows("of what was scheduled"),
    measure: (setting) =>
      compare(setting, ({ hasDelays = true }) => hasDelays, () => ({ delay: DELAY }), DELAY + LATER),
  },
];
