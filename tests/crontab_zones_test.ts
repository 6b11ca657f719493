/** Both changes of the clocks in zones of all kinds, against an oracle that asks Intl about every minute. */
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { crontab } from "../src/crontab.ts";

const MINUTE = 60_000;

/** Days on which the clocks of a zone change. */
const CHANGES: [timeZone: string, ...days: string[]][] = [
  ["America/New_York", "2026-03-08", "2026-11-01"],
  ["Europe/Berlin", "2026-03-29", "2026-10-25"],
  ["Australia/Lord_Howe", "2026-04-05", "2026-10-04"], // by half an hour
  ["America/Santiago", "2026-04-05", "2026-09-06"], // at midnight
  ["Africa/Cairo", "2026-04-24", "2026-10-30"], // at midnight
  ["America/St_Johns", "2026-03-08", "2026-11-01"], // half an hour off
  ["Asia/Kathmandu", "2026-03-08"], // never
];

interface Local {
  at: number;
  date: string;
  minute: number;
  hour: number;
  day: number;
  weekday: string;
}

/** The local time of each minute of the days around `day`. */
function minutes(timeZone: string, day: string): Local[] {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    weekday: "short",
  });
  const locals: Local[] = [];
  const from = Date.parse(`${day}T00:00:00Z`) - 36 * 60 * MINUTE;
  for (let at = from; at < from + 84 * 60 * MINUTE; at += MINUTE) {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    locals.push({
      at,
      date: `${parts.year}-${parts.month}-${parts.day}`,
      minute: Number(parts.minute),
      hour: Number(parts.hour),
      day: Number(parts.day),
      weekday: parts.weekday,
    });
  }
  return locals;
}

/** A fixed time of the day: once a day, at the first minute that shows it or, if none does, the first one past it. */
function onceADay(locals: Local[], hour: number, minute: number, matches = (_: Local): boolean => true): number[] {
  const times: number[] = [];
  for (const date of new Set(locals.map((local) => local.date))) {
    const day = locals.filter((local) => local.date === date && matches(local));
    const run = day.find((local) => local.hour === hour && local.minute === minute) ??
      day.find((local) => local.hour * 60 + local.minute >= hour * 60 + minute);
    // The first date is cut off at its beginning, so its first minute is no evidence.
    if (run && (run.at !== locals[0].at || (run.hour === hour && run.minute === minute))) times.push(run.at);
  }
  return times;
}

function runsWithin(locals: Local[], schedule: { next(after: number): number | undefined }): number[] {
  const times: number[] = [];
  for (let at = schedule.next(locals[0].at - 1)!; at <= locals.at(-1)!.at; at = schedule.next(at)!) times.push(at);
  return times;
}

for (const [timeZone, ...days] of CHANGES) {
  for (const day of days) {
    const locals = minutes(timeZone, day);

    test(`in ${timeZone} around ${day} a fixed time runs once a day, right after the gap if it is in it`, () => {
      for (let time = 0; time < 4 * 60; time += 10) {
        const [hour, minute] = [Math.floor(time / 60), time % 60];
        assertEquals(runsWithin(locals, crontab({ hour, minute, timeZone })), onceADay(locals, hour, minute));
      }
      const pattern = crontab("30 23 * * SUN", { timeZone });
      assertEquals(runsWithin(locals, pattern), onceADay(locals, 23, 30, ({ weekday }) => weekday === "Sun"));
    });

    test(`in ${timeZone} around ${day} what recurs within the day runs at every minute that shows its time`, () => {
      const match = (matches: (local: Local) => boolean): number[] => locals.filter(matches).map(({ at }) => at);
      assertEquals(
        runsWithin(locals, crontab({ minute: "*/15", timeZone })),
        match(({ minute }) => minute % 15 === 0),
      );
      assertEquals(
        runsWithin(locals, crontab("10,40 */2 * * *", { timeZone })),
        match(({ hour, minute }) => hour % 2 === 0 && (minute === 10 || minute === 40)),
      );
      assertEquals(
        runsWithin(locals, crontab({ minute: 30, hour: "0-3", timeZone })),
        match(({ hour, minute }) => hour <= 3 && minute === 30),
      );
      assertEquals(
        runsWithin(locals, crontab({ minute: 20, hour: "*", dayOfWeek: "SUN", timeZone })),
        match(({ minute, weekday }) => minute === 20 && weekday === "Sun"),
      );
    });
  }
}
