import { test } from "node:test";
import { assert, assertEquals, assertLess, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { type Duration, type Instant, show, systemClock, toCount, toInstant, toMilliseconds } from "../src/time.ts";
import { inTime } from "./eventually.ts";

const DURATIONS: [value: Duration, ms: number][] = [
  [0, 0],
  [60, 60_000],
  [0.25, 250],
  ["0s", 0],
  ["250ms", 250],
  ["30s", 30_000],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["7d", 604_800_000],
  ["1.5h", 5_400_000],
  [0.0004, 0],
];

for (const [value, ms] of DURATIONS) {
  test(`toMilliseconds reads ${JSON.stringify(value)} as ${ms} ms`, () => {
    assertEquals(toMilliseconds("delay", value), ms);
  });
}

const NO_DURATIONS = [
  "5 min",
  "5",
  "",
  "s",
  "5 s",
  "1e3s",
  "5S",
  ".5s",
  "5s5m",
  NaN,
  Infinity,
  null,
  undefined,
  {},
  [],
];

for (const value of NO_DURATIONS) {
  test(`toMilliseconds refuses ${String(JSON.stringify(value) ?? value)}${Number.isNaN(value) ? " (NaN)" : ""}`, () => {
    const error = assertThrows(() => toMilliseconds("retryDelay", value as Duration), TypeError);
    assert(error.message.startsWith(`Cannot read 'retryDelay' as a duration: current value is ${show(value)};`));
  });
}

test("toMilliseconds refuses negative durations as out of range", () => {
  for (const value of [-1, "-5s", -0.001] as Duration[]) {
    assertThrows(() => toMilliseconds("delay", value), RangeError, `'delay': current value is ${show(value)}`);
  }
});

test("toInstant takes a Date or epoch milliseconds, the past too", () => {
  assertEquals(toInstant("eta", new Date(5)), 5);
  assertEquals(toInstant("eta", 1_700_000_000_000.4), 1_700_000_000_000);
  assertEquals(toInstant("eta", -1), -1);
});

test("toInstant refuses what is no instant", () => {
  for (const value of [new Date(NaN), NaN, Infinity, "2026-01-01", undefined, null, {}] as Instant[]) {
    const error = assertThrows(() => toInstant("eta", value), TypeError);
    assert(error.message.startsWith(`Cannot read 'eta' as an instant: current value is ${show(value)};`));
  }
});

test("toCount takes whole numbers from the least one, and Infinity", () => {
  for (const value of [0, 1, 1e9, Infinity]) assertEquals(toCount("retries", value), value);
  assertEquals(toCount("workers", 1, 1), 1);
});

test("toCount refuses fractions, what is too small, and what is no number", () => {
  for (const value of [-1, 1.5, NaN, -Infinity]) assertThrows(() => toCount("retries", value), RangeError, "'retries'");
  assertThrows(
    () => toCount("workers", 0, 1),
    RangeError,
    "'workers' must be a whole number of at least 1: current value is 0",
  );
  for (const value of ["1", null, undefined, 1n]) {
    assertThrows(() => toCount("retries", value as unknown as number), TypeError);
  }
});

test("show quotes little and never what an object holds", () => {
  assertEquals(show("a"), '"a"');
  assertLess(show("x".repeat(1_000)).length, 90);
  assertEquals(show({ secret: 1 }), "an object");
  assertEquals(show(() => 1), "a function");
  assertEquals([show(null), show(undefined), show(5), show(Symbol("s"))], ["null", "undefined", "5", "Symbol(s)"]);
});

test("the system's clock tells the time and sleeps for at least as long as it is told", async () => {
  const before = Date.now();
  assertLess(Math.abs(systemClock.now() - before), 1_000);
  await systemClock.sleep(20);
  assert(systemClock.now() >= before + 20);
  await systemClock.sleep(0);
  await systemClock.sleep(-5);
});

test("a sleep is not prolonged when the clock is set back", async () => {
  const now = Date.now;
  try {
    const sleeping = systemClock.sleep(20);
    Date.now = () => now() - 3_600_000;
    await inTime(sleeping);
  } finally {
    Date.now = now;
  }
});

test("a sleep that is aborted rejects with the reason, before and while it sleeps", async () => {
  const reason = new Error("enough");
  assertStrictEquals(await assertRejects(() => systemClock.sleep(60_000, AbortSignal.abort(reason))), reason);
  const controller = new AbortController();
  const sleeping = assertRejects(() => systemClock.sleep(60_000, controller.signal));
  controller.abort(reason);
  assertStrictEquals(await sleeping, reason);
});

test("a sleep lets go of its signal when it is over", async () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners.add(args[1]), add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners.delete(args[1]), remove(...args));
  const sleeping = systemClock.sleep(1, signal);
  assertEquals(listeners.size, 1);
  await sleeping;
  assertEquals(listeners.size, 0);
});
