/** Many drains at once, by clocks that differ, on days on which the clocks change: each slot is enqueued once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { crontab, Huey, type HueyOptions, memory, type Schedule } from "@hq/huey";
import { sqlite } from "@hq/huey/sqlite";
import { Cron } from "croner";
import { Random } from "./random.ts";
import { onlyUnder, ownShare } from "./shares.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const HOSTS = 20;
/** By how much the clock of a host may be wrong. */
const SKEW = 30_000;

/** The clocks go forward in Berlin, back in Lord Howe by half an hour, back in Berlin, and back in New York. */
const DAYS = ["2026-03-29", "2026-04-04", "2026-10-25", "2026-11-01"];
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
const PATTERNS = [
  "*/5 * * * *",
  "7 * * * *",
  "10,40 */2 * * *",
  "30 0-3 * * *",
  "0 0 * * *",
  "30 1 * * *",
  "15 2 * * *",
  "0 3 * * *",
  "45 23 * * SUN",
  "20 12 L * *",
];
const SCHEDULES = ZONES.flatMap((timeZone) =>
  PATTERNS.map((pattern) => ({
    name: `${pattern} ${timeZone}`,
    pattern,
    timeZone,
    schedule: askedOnce(crontab(pattern, { timeZone })),
  }))
);

/** The same schedule for all hosts: to look for an instant in a zone takes long, and they all look for the same. */
function askedOnce(schedule: Schedule): Schedule {
  const known: { after: number; next: number }[] = [];
  return {
    next: (asked) => {
      const found = known.findLast(({ after, next }) => after <= asked && asked < next);
      if (found) return found.next;
      const next = schedule.next(asked)!;
      known.push({ after: asked, next });
      return next;
    },
  };
}

/** Of each schedule its instants within a day, as croner has them. */
function slotsOf(start: number): string[] {
  return SCHEDULES.flatMap(({ name, pattern, timeZone }) => {
    const cron = new Cron(pattern, { timezone: timeZone });
    const slots: string[] = [];
    for (let at = start - 1;;) {
      const runs = cron.nextRuns(10, new Date(at)).map((run) => run.getTime());
      slots.push(...runs.filter((run) => run < start + DAY).map((run) => `${name} ${new Date(run).toISOString()}`));
      at = runs[9];
      if (at >= start + DAY) return slots;
    }
  }).sort();
}

/** Lets 20 hosts drain for a day; gives the slots that were enqueued. */
async function simulate(start: number, open: () => NonNullable<HueyOptions["storage"]>): Promise<string[]> {
  const random = new Random(start);
  const enqueued: string[] = [];
  const ran: string[] = [];
  let time = start - 2 * SKEW;
  const hosts = Array.from({ length: HOSTS }, (_, i) => {
    const skew = Math.round((i / (HOSTS - 1) * 2 - 1) * SKEW);
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    const clock = { now: () => time + skew, sleep };
    // The storage goes by these clocks, too: to another host a shorter lease would have lapsed.
    const huey = new Huey("overlap", { storage: open(), clock, results: false, lease: "2m" });
    for (const { name, schedule } of SCHEDULES) {
      huey.periodicTask(name, schedule, { context: true }, ({ task }) => void ran.push(show(task)));
    }
    huey.signal("enqueued", (_, task) => void enqueued.push(show(task)));
    return huey;
  });
  while (time < start + DAY + 2 * SKEW) {
    // Ticks come early and late, and each host misses a few.
    await Promise.all(hosts.filter(() => random.chance(0.9)).map((host) => host.drain({ concurrency: 50 })));
    time += MINUTE + random.below(40_000) - 20_000;
  }
  // What the fast clocks have put into the schedule of the slow ones.
  await Promise.all(hosts.map((host) => host.drain()));
  await Promise.all(hosts.map((host) => host.close()));
  assertEquals(ran.sort(), enqueued.sort());
  // The first hosts have looked at the last minutes of the day before, the last ones at the first of the day after.
  const [first, last] = [start, start + DAY].map((instant) => new Date(instant).toISOString());
  return enqueued.filter((slot) => slot.slice(-24) >= first && slot.slice(-24) < last);
}

function show({ name, eta }: { name: string; eta?: number }): string {
  return `${name} ${new Date(eta!).toISOString()}`;
}

async function playDay(day: string, open: () => NonNullable<HueyOptions["storage"]>): Promise<void> {
  const start = Date.parse(`${day}T00:00:00Z`);
  const slots = slotsOf(start);
  assert(slots.length > 1_000);
  assertEquals(await simulate(start, open), slots, `on ${day}`);
}

test("on days of changing clocks 20 hosts whose clocks differ enqueue each slot once (memory)", async () => {
  for (const day of ownShare(DAYS)) {
    const storage = memory();
    await playDay(day, () => storage);
  }
});

onlyUnder("bun")(
  "on a day of changing clocks 20 hosts whose clocks differ enqueue each slot once (sqlite)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-"));
    try {
      await playDay(DAYS[0], () => sqlite(join(folder, "huey.db")));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
