import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { crontab, type CrontabFields, every, nextRuns, type Schedule, scheduleFrom } from "../src/crontab.ts";
import { ConfigurationError } from "../src/errors.ts";
import type { Duration } from "../src/time.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse("2026-01-01T00:00:00Z");

/** Which values of a field a schedule runs at, within some time. */
function values(schedule: Schedule, field: "Minutes" | "Hours" | "Date" | "Month" | "Day", days: number): number[] {
  const found = new Set<number>();
  for (let run = schedule.next(START - 1)!; run < START + days * DAY; run = schedule.next(run)!) {
    found.add(new Date(run)[`getUTC${field}`]() + (field === "Month" ? 1 : 0));
  }
  return [...found].sort((a, b) => a - b);
}

function runs(schedule: Schedule, count: number, after: string | number = START - 1): string[] {
  const from = typeof after === "string" ? Date.parse(after) : after;
  return nextRuns(schedule, count, from).map((run) => new Date(run).toISOString().replace(/(:00)?\.000Z$/, "Z"));
}

const GRAMMAR: [
  field: "minute" | "hour" | "day" | "month" | "dayOfWeek",
  value: string | number,
  expected: number[],
][] = [
  ["month", "1,4,*/6,8-12", [1, 4, 7, 8, 9, 10, 11, 12]],
  ["month", "JAN,mar-MAY", [1, 3, 4, 5]],
  ["day", "*/10", [1, 11, 21, 31]],
  ["day", "1,*/6,25-27", [1, 7, 13, 19, 25, 26, 27, 31]],
  ["day", "10-20/5", [10, 15, 20]],
  ["hour", "8,9-12,*/8", [0, 8, 9, 10, 11, 12, 16]],
  ["hour", "9-17/4", [9, 13, 17]],
  ["minute", "4-8,*/30", [0, 4, 5, 6, 7, 8, 30]],
  ["minute", "*/7", [0, 7, 14, 21, 28, 35, 42, 49, 56]],
  ["minute", 5, [5]],
  ["minute", "05", [5]],
  ["minute", " 1, 2 ", [1, 2]],
  ["dayOfWeek", "1-3,5", [1, 2, 3, 5]],
  ["dayOfWeek", 0, [0]],
  ["dayOfWeek", 7, [0]],
  ["dayOfWeek", "0,7", [0]],
  ["dayOfWeek", "5-7", [0, 5, 6]],
  ["dayOfWeek", "6-7", [0, 6]],
  ["dayOfWeek", "1-7", [0, 1, 2, 3, 4, 5, 6]],
  ["dayOfWeek", "0-7", [0, 1, 2, 3, 4, 5, 6]],
  ["dayOfWeek", "*/2", [0, 2, 4, 6]],
  ["dayOfWeek", "FRI-sun", [0, 5, 6]],
];
const GETTERS = { minute: "Minutes", hour: "Hours", day: "Date", month: "Month", dayOfWeek: "Day" } as const;

for (const [field, value, expected] of GRAMMAR) {
  test(`crontab reads ${JSON.stringify(value)} as ${field} ${expected}`, () => {
    const base = { minute: 0, hour: "*", ...(field === "month" && { day: 1 }), ...(field !== "hour" && { hour: 0 }) };
    const schedule = crontab({ ...base, [field]: value, ...(field === "minute" && { hour: "*" }) });
    assertEquals(values(schedule, GETTERS[field], field === "month" ? 366 : 60), expected);
  });
}

test("crontab matches all fields together", () => {
  const schedule = crontab({ month: "1,2,5-8", day: "1,13-14", hour: "*/6", minute: "*/15", dayOfWeek: "FRI" });
  assertEquals(runs(schedule, 5), [
    "2026-02-13T00:00Z",
    "2026-02-13T00:15Z",
    "2026-02-13T00:30Z",
    "2026-02-13T00:45Z",
    "2026-02-13T06:00Z",
  ]);
});

test("crontab matches day and day of the week in fields, and either of them in a pattern", () => {
  assertEquals(runs(crontab({ minute: 0, hour: 0, day: 13, dayOfWeek: 5 }), 2), [
    "2026-02-13T00:00Z",
    "2026-03-13T00:00Z",
  ]);
  assertEquals(runs(crontab("0 0 13 * 5"), 3), ["2026-01-02T00:00Z", "2026-01-09T00:00Z", "2026-01-13T00:00Z"]);
});

test("crontab finds last days, nearest weekdays and nth days of the week", () => {
  const at = (fields: CrontabFields): string[] => runs(crontab({ minute: 0, hour: 0, ...fields }), 2);
  assertEquals(at({ day: "L" }), ["2026-01-31T00:00Z", "2026-02-28T00:00Z"]);
  assertEquals(at({ day: "LW" }), ["2026-01-30T00:00Z", "2026-02-27T00:00Z"]);
  assertEquals(at({ day: "15W", month: "2-3" }), ["2026-02-16T00:00Z", "2026-03-16T00:00Z"]);
  assertEquals(at({ dayOfWeek: "FRI#2" }), ["2026-01-09T00:00Z", "2026-02-13T00:00Z"]);
  assertEquals(at({ dayOfWeek: "MON#L" }), ["2026-01-26T00:00Z", "2026-02-23T00:00Z"]);
  assertEquals(at({ day: 29, month: 2, dayOfWeek: 1 }), ["2044-02-29T00:00Z", "2072-02-29T00:00Z"]);
});

test("crontab takes seconds, as a field or as the first of six", () => {
  const expected = ["2026-01-01T00:00Z", "2026-01-01T00:00:20Z", "2026-01-01T00:00:40Z", "2026-01-01T00:01Z"];
  assertEquals(runs(crontab({ second: "*/20" }), 4), expected);
  assertEquals(runs(crontab("*/20 * * * * *"), 4), expected);
});

test("crontab has shortcuts and nicknames", () => {
  assertEquals(runs(crontab.hourly(), 2), ["2026-01-01T00:00Z", "2026-01-01T01:00Z"]);
  assertEquals(runs(crontab.daily(), 2), ["2026-01-01T00:00Z", "2026-01-02T00:00Z"]);
  assertEquals(runs(crontab.daily({ timeZone: "Asia/Tokyo" }), 1), ["2026-01-01T15:00Z"]);
  assertEquals(runs(crontab("@hourly"), 2), runs(crontab.hourly(), 2));
  assertEquals(runs(crontab("@weekly"), 1), ["2026-01-04T00:00Z"]);
  assertEquals(runs(crontab("@yearly"), 1), ["2026-01-01T00:00Z"]);
});

test("next is strictly after, to the millisecond", () => {
  const schedule = crontab({});
  assertEquals(schedule.next(START), START + MINUTE);
  assertEquals(schedule.next(START - 1), START);
  assertEquals(schedule.next(START + 1), START + MINUTE);
  assertEquals(schedule.next(START + MINUTE - 1), START + MINUTE);
});

test("a schedule that names no zone goes by UTC, and by the one it is set in", () => {
  const schedule = crontab({ minute: 0, hour: 3 });
  assertStrictEquals(schedule.timeZone, undefined);
  assertEquals(runs(schedule, 1), ["2026-01-01T03:00Z"]);
  const berlin = schedule.in("Europe/Berlin");
  assertEquals([berlin.timeZone, ...runs(berlin, 1)], ["Europe/Berlin", "2026-01-01T02:00Z"]);
  assertEquals(runs(schedule, 1), ["2026-01-01T03:00Z"], "the first one is as it was");
  assertStrictEquals(berlin.in("Asia/Tokyo"), berlin);
  assertEquals(runs(crontab("0 3 * * *", { timeZone: "Asia/Tokyo" }).in("Europe/Berlin"), 1), ["2026-01-01T18:00Z"]);
});

test("a schedule comes back from its JSON", () => {
  const schedules = [
    crontab({ minute: 0, hour: 0, day: 13, dayOfWeek: 5 }),
    crontab("0 0 13 * 5", { timeZone: "America/New_York" }),
    crontab({ second: 30, minute: "*" }).in("Asia/Kolkata"),
    crontab("@daily"),
    every("90m"),
  ];
  for (const schedule of schedules) {
    const spec = JSON.parse(JSON.stringify(schedule));
    assertEquals(runs(scheduleFrom(spec), 5), runs(schedule, 5));
    assertEquals(JSON.parse(JSON.stringify(scheduleFrom(spec))), spec);
  }
  for (const cron of ["61 * * * *", "0 0 0 1 1 * 2026"]) {
    assertThrows(() => scheduleFrom({ cron, bothDays: true }), ConfigurationError, JSON.stringify(cron));
  }
});

test("every runs at the multiples of its period since the epoch", () => {
  assertEquals(nextRuns(every("7s"), 3, 0), [7_000, 14_000, 21_000]);
  assertEquals(every(30).next(START + 29_999), START + 30_000);
  assertEquals(every(30).next(START + 30_000), START + 60_000);
  assertEquals(every("1ms").next(START), START + 1);
  assertEquals(every("1m").next(-1), 0);
  assertStrictEquals(every("1d").in("Asia/Tokyo").next(START), START + DAY);
});

test("nextRuns stops where the schedule does", () => {
  const twice: Schedule = { next: (after) => after < 2 ? after + 1 : undefined };
  assertEquals(nextRuns(twice, 5, 0), [1, 2]);
  assertEquals(nextRuns(twice, 1, 0), [1]);
  assertEquals(nextRuns(twice, 0, 0), []);
});

const UNREADABLE: [fields: unknown, quoted: RegExp][] = [
  ...[
    "61",
    "0-61",
    "-5",
    "",
    " ",
    "5-3",
    "*/0",
    "1-5abc",
    "*/5x",
    "*/2*",
    "5/15",
    "/5",
    "1,,2",
    "1,",
    "1 2",
    "1.5",
    "0x5",
  ]
    .map((minute): [unknown, RegExp] => [{ minute }, /field 'minute': current value is "/]),
  ...[60, -1, 1.5, NaN, Infinity, 1e21, null, true, [], {}].map((minute): [unknown, RegExp] => [
    { minute },
    new RegExp(`field 'minute': current value is (${typeof minute === "object" && minute ? "an object" : ".+"});`),
  ]),
  [{ minute: 0, hour: 24 }, /field 'hour': current value is 24;.* 0 to 23/],
  [{ minute: 0, day: 0 }, /field 'day': current value is 0;/],
  [{ minute: 0, day: "32" }, /field 'day': current value is "32";/],
  [{ minute: 0, day: "L-2" }, /field 'day': current value is "L-2";/],
  [{ minute: 0, month: 13 }, /field 'month': current value is 13;/],
  [{ minute: 0, month: "foo" }, /field 'month': current value is "foo";/],
  [{ minute: 0, dayOfWeek: 8 }, /field 'dayOfWeek': current value is 8;/],
  [{ minute: 0, dayOfWeek: "monday" }, /field 'dayOfWeek': current value is "monday";/],
  [{ minute: 0, dayOfWeek: "FRI#6" }, /field 'dayOfWeek': current value is "FRI#6";/],
  [{ minute: "12:30" }, /field 'minute': current value is "12:30";/],
  [{ minute: "@daily" }, /field 'minute': current value is "@daily";/],
  [{ second: 60 }, /field 'second': current value is 60;/],
  [{ minutes: 5 }, /field "minutes": the fields are second, minute, hour, day, month, dayOfWeek/],
  [{ constructor: 5 }, /field "constructor"/],
  [{ minute: 0, timezone: "UTC" }, /field "timezone"/],
  [{ hour: 3 }, /'hour' without 'minute': current value is 3; .*minute: "\*"/],
  [{ hour: "*/3" }, /'hour' without 'minute'/],
  [{ second: 0, hour: 3 }, /'hour' without 'minute'/],
  [{ day: 1 }, /'day' without 'minute'/],
  [{ month: 1 }, /'month' without 'minute'/],
  [{ dayOfWeek: 1 }, /'dayOfWeek' without 'minute'/],
  [{ minute: 0, hour: 0, day: 31, month: 2 }, /never runs: current value is "0 0 31 2 \*"/],
  [{ minute: 0, timeZone: "Mars/Olympus" }, /'timeZone' is "Mars\/Olympus"; give an IANA name/],
  [{ minute: 0, timeZone: "" }, /'timeZone' is "";/],
  [{ minute: 0, timeZone: 5 }, /'timeZone' is 5;/],
  [undefined, /current value is undefined/],
  [null, /current value is null/],
  ...["", "* * *", "* * * * * * *", "@reboot", "@never", "2026-01-01T00:00:00", "daily"].map(
    (
      pattern,
    ): [unknown, RegExp] => [pattern, new RegExp(`current value is ${JSON.stringify(pattern)}`.replace(/\*/g, "\\*"))],
  ),
  ["61 * * * *", /field 'minute': current value is "61"/],
  ["60 * * * * *", /field 'second': current value is "60"/],
  ["0 0 * * 5-3", /field 'dayOfWeek': current value is "5-3"/],
  ["1, 2 * * * *", /field 'second': current value is "1,"/],
  ["0 0 30 2 *", /never runs: current value is "0 0 30 2 \*"/],
];

for (const [from, quoted] of UNREADABLE) {
  const shown = typeof from === "object" && from ? Object.entries(from).map(([k, v]) => `${k}: ${String(v)}`) : from;
  test(`crontab refuses ${typeof from === "string" ? JSON.stringify(from) : shown}`, () => {
    assertMatch(assertThrows(() => crontab(from as CrontabFields), ConfigurationError).message, quoted);
  });
}

test("an unknown time zone is refused wherever it is given", () => {
  for (
    const make of [
      () => crontab("* * * * *", { timeZone: "Mars/Olympus" }),
      () => crontab({}).in("Mars/Olympus"),
      () => crontab.daily({ timeZone: "Mars/Olympus" }),
      () => scheduleFrom({ cron: "* * * * *", bothDays: false, timeZone: "Mars/Olympus" }),
    ]
  ) assertThrows(make, ConfigurationError, '"Mars/Olympus"');
});

test("an option of a pattern that is misspelt is refused", () => {
  const options = { timezone: "Europe/Berlin" } as Record<string, string>;
  assertThrows(() => crontab("* * * * *", options), ConfigurationError, '"timezone"');
});

test("every refuses what is no period", () => {
  for (const period of [0, "0s", 0.0001, -1, "-5s"] as Duration[]) {
    assertThrows(() => every(period), RangeError, "'period'");
  }
  for (const period of ["5 min", NaN, Infinity, undefined] as Duration[]) assertThrows(() => every(period), TypeError);
  assert(every("1ms"));
});
