import { assertEquals } from "@std/assert";
import { crontab, type Huey, type Schedule } from "@hq/huey";
import type { TestClock } from "@hq/huey/testing";
import { onEveryStorage } from "./bench.ts";

/** Adds a periodic task; it notes the slots it ran for. */
function note(huey: Huey, schedule: Schedule, slots: string[], name = ""): void {
  huey.periodicTask(`nightly${name}`, schedule, { context: true }, ({ task }) => {
    slots.push(new Date(task.eta!).toISOString() + name);
  });
}

/** Drains each quarter of an hour from an instant on, for so many days. */
async function drainFrom(huey: Huey, start: string, days: number): Promise<void> {
  const clock = huey.core.clock as TestClock;
  await clock.set(Date.parse(start));
  for (let i = 0; i < days * 24 * 4; i++) {
    await clock.advance("15m");
    await huey.drain();
  }
}

onEveryStorage("a schedule goes by the zone of the instance, or by its own", async ({ huey }) => {
  const slots: string[] = [];
  note(huey, crontab({ hour: 3, minute: 0 }), slots, " Berlin");
  note(huey, crontab({ hour: 3, minute: 0, timeZone: "America/New_York" }), slots, " New York");
  await drainFrom(huey, "2026-01-10T12:02:00Z", 1);
  assertEquals(slots, ["2026-01-11T02:00:00.000Z Berlin", "2026-01-11T08:00:00.000Z New York"]);
}, { timeZone: "Europe/Berlin" });

onEveryStorage("without a zone a schedule goes by UTC", async ({ huey }) => {
  const slots: string[] = [];
  note(huey, crontab("0 3 * * *"), slots);
  await drainFrom(huey, "2026-06-10T00:02:00Z", 1);
  assertEquals(slots, ["2026-06-10T03:00:00.000Z"]);
});

onEveryStorage("when clocks go forward a nightly task runs once a night", async ({ huey }) => {
  const slots: string[] = [];
  note(huey, crontab({ hour: 2, minute: 30, timeZone: "Europe/Berlin" }), slots);
  await drainFrom(huey, "2026-03-28T00:02:00Z", 3);
  assertEquals(slots, ["2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"]);
});

onEveryStorage("when clocks go back a nightly task runs once a night", async ({ huey }) => {
  const slots: string[] = [];
  note(huey, crontab({ hour: 2, minute: 30, timeZone: "Europe/Berlin" }), slots);
  await drainFrom(huey, "2026-10-25T00:02:00Z", 2);
  assertEquals(slots, ["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]);
});

onEveryStorage("when clocks go back an hourly task runs in both hours", async ({ huey }) => {
  const slots: string[] = [];
  note(huey, crontab.hourly({ timeZone: "Europe/Berlin" }), slots);
  await drainFrom(huey, "2026-10-24T23:32:00Z", 1 / 6);
  assertEquals(slots.map((slot) => slot.slice(11, 16)), ["00:00", "01:00", "02:00", "03:00"]);
});
