import { assertEquals } from "@std/assert";
import { crontab, every, type Huey, type Schedule } from "@hq/huey";
import type { TestClock } from "@hq/huey/testing";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

const EVERY_MINUTE = crontab("* * * * *");

/** A periodic task; the slots it ran for, as `HH:MM:SS`. */
function tick(huey: Huey, schedule: Schedule = EVERY_MINUTE, options = {}, slots: string[] = []): string[] {
  huey.periodicTask("tick", schedule, { ...options, context: true }, ({ task }) => {
    slots.push(new Date(task.eta!).toISOString().slice(11, 19));
  });
  return slots;
}

/** Drains once a minute, as a platform's cron does. */
async function drainEveryMinute(huey: Huey, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await (huey.core.clock as TestClock).advance("1m");
    await huey.drain();
  }
}

onEveryStorage("two consumers run each slot of three minutes once", async ({ huey, another, clock, consume }) => {
  const slots = tick(huey, EVERY_MINUTE, { catchUp: 0 });
  const other = another();
  tick(other, EVERY_MINUTE, { catchUp: 0 }, slots);
  const signals = [recordSignals(huey), recordSignals(other)];
  await clock.advance("30s");
  await Promise.all([consume({ workers: 2 }), consume({ workers: 2 }, other)]);
  await clock.advance("3m");
  await eventually(() => slots.length >= 3);
  await clock.advance("10s");
  assertEquals(slots.sort(), ["00:01:00", "00:02:00", "00:03:00"]);
  assertEquals(signals.flat().filter((signal) => signal === "enqueued").length, 3);
});

onEveryStorage(
  "a consumer that is restarted inside the minute adds nothing",
  async ({ huey, another, clock, consume }) => {
    const slots = tick(huey);
    await clock.advance("61s");
    const first = await consume();
    await eventually(() => slots.length === 1);
    await first.stop();
    const restarted = another();
    tick(restarted, EVERY_MINUTE, {}, slots);
    await clock.advance("20s");
    await consume({}, restarted);
    await clock.advance("20s");
    assertEquals(slots, ["00:01:00"]);
    await clock.advance("30s");
    await eventually(() => slots.length === 2);
    assertEquals(slots, ["00:01:00", "00:02:00"]);
  },
);

onEveryStorage("drains run each slot once, however often and wherever they look", async ({ huey, another, clock }) => {
  const slots = tick(huey);
  const other = another();
  tick(other, EVERY_MINUTE, {}, slots);
  await clock.advance("61s");
  const reports = [await huey.drain(), await other.drain(), await huey.drain()];
  assertEquals([slots, reports.map(({ periodic }) => periodic)], [["00:01:00"], [1, 0, 0]]);
  await clock.advance("60s");
  await Promise.all([huey.drain(), other.drain()]);
  await huey.drain();
  assertEquals(slots, ["00:01:00", "00:02:00"]);
});

onEveryStorage("a slot that a drain adds is run by the same drain", async ({ huey, clock }) => {
  tick(huey);
  await clock.advance("61s");
  const { periodic, executed, remaining, stoppedBy } = await huey.drain();
  assertEquals({ periodic, executed, remaining, stoppedBy }, {
    periodic: 1,
    executed: 1,
    remaining: 0,
    stoppedBy: "empty",
  });
});

onEveryStorage("with periodic: false a consumer leaves the schedules to others", async ({ huey, clock, consume }) => {
  const slots = tick(huey);
  await consume({ periodic: false });
  await clock.advance("3m");
  const work = await huey.task("work", () => "done")();
  assertEquals([await asTimePasses(clock, work.get({ blocking: true })), slots], ["done", []]);
});

onEveryStorage("of the slots that were missed the latest is run, if it is not too late", async ({ huey, clock }) => {
  const slots = tick(huey);
  await huey.drain();
  slots.length = 0;
  await clock.advance("1h");
  await clock.advance("30s");
  await huey.drain();
  assertEquals(slots, ["01:00:00"]);
});

onEveryStorage("a slot from before the first deployment is run, too", async ({ huey, clock }) => {
  const slots = tick(huey, crontab("0 * * * *"));
  await clock.advance("1h");
  await clock.advance("299s");
  await huey.drain();
  assertEquals(slots, ["01:00:00"]);
});

onEveryStorage("a slot that is later than catchUp is not run", async ({ huey, clock }) => {
  const slots = tick(huey, crontab("0 * * * *"));
  await clock.advance("1h");
  await clock.advance("301s");
  await huey.drain();
  assertEquals(slots, []);
});

onEveryStorage("catchUp says how late a slot is still run", async ({ huey, clock }) => {
  const slots = tick(huey, crontab("0 * * * *"), { catchUp: "30m" });
  await clock.advance("89m");
  await huey.drain();
  assertEquals(slots, ["01:00:00"]);
});

onEveryStorage("with catchUpAll every missed slot is run, in order", async ({ huey, clock }) => {
  const slots = tick(huey, EVERY_MINUTE, { catchUpAll: true });
  await clock.advance("1h");
  await huey.drain({ concurrency: 1 });
  assertEquals(slots, ["00:56:00", "00:57:00", "00:58:00", "00:59:00", "01:00:00"]);
});

onEveryStorage(
  "a drain every few minutes with catchUpAll misses nothing and doubles nothing",
  async ({ huey, clock }) => {
    const slots = tick(huey, EVERY_MINUTE, { catchUpAll: true, catchUp: "10m" });
    await huey.drain();
    slots.length = 0;
    for (const minutes of [3, 1, 7, 2]) {
      await clock.advance(`${minutes}m`);
      await huey.drain({ concurrency: 1 });
    }
    assertEquals(slots, Array.from({ length: 13 }, (_, i) => `00:${String(i + 1).padStart(2, "0")}:00`));
  },
);

onEveryStorage("every fires at the multiples of its period", async ({ huey, clock }) => {
  const slots = tick(huey, every("45s"));
  await clock.advance("7s");
  for (let i = 0; i < 4; i++) {
    await clock.advance("45s");
    await huey.drain();
  }
  assertEquals(slots, ["00:00:45", "00:01:30", "00:02:15", "00:03:00"]);
});

onEveryStorage("a consumer keeps up with a period shorter than its interval", async ({ huey, clock, consume }) => {
  const slots = tick(huey, every("250ms"), { catchUp: 0 });
  await consume({ schedulerInterval: "10s" });
  slots.length = 0;
  await clock.advance("2s");
  await eventually(() => slots.length >= 8);
  assertEquals(slots.length, 8);
});

onEveryStorage("a periodic task can be called, and then has no eta", async ({ huey }) => {
  const seen: unknown[] = [];
  const nightly = huey.periodicTask("nightly", crontab.daily(), { context: true }, ({ task }) => {
    seen.push(task.eta);
    return "done";
  });
  await huey.drain();
  seen.length = 0;
  const result = await nightly();
  await huey.drain();
  assertEquals([seen, await result.get()], [[undefined], "done"]);
});

onEveryStorage(
  "a periodic task that fails is retried, and its next slot runs all the same",
  async ({ huey, clock }) => {
    const seen: string[] = [];
    const options = { retries: 1, retryDelay: "10s", context: true } as const;
    huey.periodicTask("tick", EVERY_MINUTE, options, ({ attempt }) => {
      seen.push(`${new Date(clock.now()).toISOString().slice(14, 19)} #${attempt}`);
      throw new Error("no");
    });
    await clock.advance("1m");
    for (let i = 0; i < 12; i++) {
      await huey.drain();
      await clock.advance("10s");
    }
    assertEquals(seen, ["01:00 #1", "01:10 #2", "02:00 #1", "02:10 #2"]);
  },
);

onEveryStorage("an expiry counts from the slot", async ({ huey, clock }) => {
  const slots = tick(huey, EVERY_MINUTE, { expires: "10s" });
  await clock.advance("75s");
  await huey.drain();
  await clock.advance("50s");
  await huey.drain();
  assertEquals(slots, ["00:02:00"]);
});

onEveryStorage("a periodic task that is revoked skips its slots", async ({ huey, clock }) => {
  const slots: string[] = [];
  const task = huey.periodicTask("tick", EVERY_MINUTE, { context: true }, ({ task }) => {
    slots.push(new Date(task.eta!).toISOString().slice(11, 19));
  });
  await huey.drain();
  slots.length = 0;
  await task.revoke({ once: true });
  await drainEveryMinute(huey, 2);
  await task.revoke({ until: clock.now() + 90_000 });
  await drainEveryMinute(huey, 2);
  assertEquals(slots, ["00:02:00", "00:04:00"]);
});

onEveryStorage("an unregistered periodic task has no more slots", async ({ huey, clock }) => {
  const task = huey.periodicTask("tick", EVERY_MINUTE, () => {});
  task.unregister();
  await clock.advance("1m");
  assertEquals((await huey.drain()).periodic, 0);
});

onEveryStorage("a schedule may be anything with a method next, and may come to its end", async ({ huey, clock }) => {
  const start = clock.now();
  const times = [start + 60_000, start + 90_000];
  const slots = tick(huey, { next: (after) => times.find((time) => time > after) });
  await drainEveryMinute(huey, 5);
  assertEquals(slots, ["00:01:00", "00:01:30"]);
});

const BROKEN: [what: string, schedule: Schedule][] = [
  ["throws", {
    next() {
      throw new Error("broken");
    },
  }],
  ["goes backwards", { next: (after) => after - 1 }],
  ["stands still", { next: (after) => after }],
  ["gives no number", { next: () => NaN }],
  ["fires too often", { next: (after) => after + 1 }],
];

for (const [what, schedule] of BROKEN) {
  onEveryStorage(`a schedule that ${what} keeps no other from running`, async ({ huey, clock }) => {
    huey.periodicTask("broken", schedule, () => {});
    const slots = tick(huey);
    await clock.advance("1m");
    await huey.drain();
    assertEquals(slots, ["00:01:00"]);
  });
}

onEveryStorage("a slot whose time has passed sends enqueued, and not scheduled", async ({ huey, clock }) => {
  tick(huey);
  const signals = recordSignals(huey);
  await clock.advance("61s");
  await huey.drain();
  assertEquals(signals, ["enqueued", "executing", "complete"]);
});

onEveryStorage("a flush of everything forgets the slots that have run", async ({ huey, another, clock }) => {
  const slots = tick(huey);
  await clock.advance("61s");
  await huey.drain();
  await huey.flush("results");
  const other = another();
  tick(other, EVERY_MINUTE, {}, slots);
  await other.drain();
  assertEquals(slots, ["00:01:00"]);
  await huey.flush();
  const fresh = another();
  tick(fresh, EVERY_MINUTE, {}, slots);
  await fresh.drain();
  assertEquals(slots, ["00:01:00", "00:01:00"]);
});

onEveryStorage("a clock that is set back runs no slot twice", async ({ huey, clock }) => {
  const slots = tick(huey);
  await clock.advance("2m");
  await huey.drain();
  await clock.set(clock.now() - 30_000);
  await huey.drain();
  await drainEveryMinute(huey, 1);
  assertEquals(slots.slice().sort(), [...new Set(slots)].sort());
});

onEveryStorage("a periodic task may be revoked for one slot, or until an instant", async ({ huey, clock }) => {
  const slots: string[] = [];
  const task = huey.periodicTask("tick", EVERY_MINUTE, { context: true }, ({ task }) => {
    slots.push(new Date(task.eta!).toISOString().slice(11, 16));
  });
  await drainEveryMinute(huey, 1);
  await task.revoke({ once: true });
  await drainEveryMinute(huey, 2);
  await task.revoke({ until: clock.now() + 90_000 });
  assertEquals(await task.isRevoked(), true);
  await drainEveryMinute(huey, 2);
  assertEquals([slots, await task.isRevoked()], [["00:01", "00:03", "00:05"], false]);
});

onEveryStorage("a periodic task has its priority, and its outcome can be read", async ({ huey, clock }) => {
  const ran: string[] = [];
  huey.periodicTask("low", EVERY_MINUTE, { priority: -1 }, () => void ran.push("low"));
  huey.periodicTask("high", EVERY_MINUTE, { priority: 1 }, () => {
    ran.push("high");
    return "done";
  });
  const ids: string[] = [];
  huey.signal("complete", (_signal, task) => void ids.push(task.id));
  await clock.advance("1m");
  await huey.drain({ concurrency: 1 });
  assertEquals([ran, await huey.result(ids[0]).get()], [["high", "low"], "done"]);
});

onEveryStorage("a periodic task that is defined inside a task has its slots from then on", async ({ huey }) => {
  let ticks = 0;
  await huey.task("define", () => {
    huey.periodicTask("late", EVERY_MINUTE, () => void ticks++);
  })();
  await huey.drain();
  await drainEveryMinute(huey, 2);
  assertEquals(ticks, 2);
});
