import { test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigurationError, Huey, HueyError, memory } from "@hq/huey";
import * as entry from "@hq/huey";

/** An option's value that cannot be, the class of the error, and what its message must name besides the option. */
type Refusal = [option: string, value: unknown, error: typeof TypeError | typeof RangeError, shown: string];

const TASK_REFUSALS: Refusal[] = [
  ["retries", 1.5, RangeError, "1.5"],
  ["retries", -1, RangeError, "-1"],
  ["retries", NaN, RangeError, "NaN"],
  ["retries", "2", TypeError, '"2"'],
  ["retryDelay", -1, RangeError, "-1"],
  ["retryDelay", "1 minute", TypeError, '"1 minute"'],
  ["retryDelay", NaN, TypeError, "NaN"],
  ["retryBackoff", -1, RangeError, "-1"],
  ["retryBackoff", NaN, RangeError, "NaN"],
  ["retryMaxDelay", "-5s", RangeError, '"-5s"'],
  ["retryMaxDelay", "", TypeError, '""'],
  ["retryJitter", 1.1, RangeError, "1.1"],
  ["retryJitter", -0.1, RangeError, "-0.1"],
  ["retryJitter", NaN, RangeError, "NaN"],
  ["retryIf", true, TypeError, "true"],
  ["priority", NaN, TypeError, "NaN"],
  ["priority", Infinity, TypeError, "Infinity"],
  ["priority", "high", TypeError, '"high"'],
  ["expires", "tomorrow", TypeError, '"tomorrow"'],
  ["expires", -1, RangeError, "-1"],
  ["expires", new Date(NaN), TypeError, "an invalid Date"],
  ["timeout", "5 min", TypeError, '"5 min"'],
  ["timeout", -1, RangeError, "-1"],
  ["resultTtl", "forever", TypeError, '"forever"'],
  ["resultTtl", -1, RangeError, "-1"],
  ["delivery", "exactly-once", TypeError, '"exactly-once"'],
  ["context", 1, TypeError, "1"],
];

for (const [option, value, error, shown] of TASK_REFUSALS) {
  test(`a task is not defined with ${option}: ${shown}`, () => {
    const huey = new Huey("tests");
    const thrown = assertThrows(() => huey.task("work", { [option]: value }, () => {}), error);
    assertStringIncludes(thrown.message, `'${option}'`);
    assertStringIncludes(thrown.message, shown);
    huey.task("work", () => {}); // the name is still free
  });
}

const HUEY_REFUSALS: Refusal[] = [
  ["resultTtl", "1 day", TypeError, '"1 day"'],
  ["lease", 0, RangeError, "0"],
  ["lease", -1, RangeError, "-1"],
  ["maxDeliveries", 0, RangeError, "0"],
  ["maxDeliveries", 2.5, RangeError, "2.5"],
  ["delivery", "at-most-twice", TypeError, '"at-most-twice"'],
  ["results", "no", TypeError, '"no"'],
  ["storeIntermediateErrors", 0, TypeError, "0"],
  ["immediate", "yes", TypeError, '"yes"'],
  ["storage", "huey.db", TypeError, '"huey.db"'],
];

for (const [option, value, error, shown] of HUEY_REFUSALS) {
  test(`a Huey is not made with ${option}: ${shown}`, () => {
    const thrown = assertThrows(() => new Huey("tests", { [option]: value }), error);
    assertStringIncludes(thrown.message, `'${option}'`);
    assertStringIncludes(thrown.message, shown);
  });
}

test("a Huey is not made with a time zone that does not exist", () => {
  const thrown = assertThrows(() => new Huey("tests", { timeZone: "Mars/Olympus" }), ConfigurationError);
  assertStringIncludes(thrown.message, "Mars/Olympus");
});

const CONSUMER_REFUSALS: Refusal[] = [
  ["workers", 0, RangeError, "0"],
  ["workers", 1.5, RangeError, "1.5"],
  ["workers", Infinity, RangeError, "Infinity"],
  ["maxTasks", 0, RangeError, "0"],
  ["gracePeriod", "-1s", RangeError, '"-1s"'],
  ["schedulerInterval", "often", TypeError, '"often"'],
  ["schedulerInterval", 0, RangeError, "0"],
  ["healthCheckInterval", NaN, TypeError, "NaN"],
  ["periodic", "no", TypeError, '"no"'],
  ["flushLocks", 1, TypeError, "1"],
];

for (const [option, value, error, shown] of CONSUMER_REFUSALS) {
  test(`a consumer is not made with ${option}: ${shown}`, () => {
    const thrown = assertThrows(() => new Huey("tests").createConsumer({ [option]: value }), error);
    assertStringIncludes(thrown.message, `'${option}'`);
    assertStringIncludes(thrown.message, shown);
  });
}

test("an option that does not exist is refused by name, wherever it is given", () => {
  const huey = new Huey("tests");
  const work = huey.task("work", () => {});
  const calls: (() => unknown)[] = [
    () => new Huey("tests", { retrys: 1 } as never),
    () => huey.task("other", { retrys: 1 } as never, () => {}),
    () => huey.task("other", { catchUp: "5m", retrys: 1 } as never, () => {}),
    () => huey.createConsumer({ retrys: 1 } as never),
    () => work.s().with({ retrys: 1 } as never),
  ];
  for (const call of calls) assertThrows(call, ConfigurationError);
  for (const call of calls.filter((_, i) => i !== 2)) assertThrows(call, ConfigurationError, '"retrys"');
});

test("the name of a Huey is 1 to 64 letters, digits, underscores, dots and dashes", () => {
  for (const name of ["a", "My_app-2.0", "x".repeat(64)]) assertEquals(new Huey(name).name, name);
  for (const name of ["", "x".repeat(65), "my app", "a/b", "{a}", "é", "a\n"]) {
    assertThrows(() => new Huey(name), TypeError, "name");
  }
  assertThrows(() => new Huey(undefined as never), TypeError, "undefined");
});

test("a task without a name is refused", () => {
  const huey = new Huey("tests");
  assertThrows(() => huey.task("", () => {}), ConfigurationError, '""');
  assertThrows(() => huey.task("  ", () => {}), ConfigurationError, "name");
});

test("a function without a name before it is refused, with how to name it", () => {
  const huey = new Huey("tests");
  assertThrows(() => huey.task((() => {}) as never, undefined as never), ConfigurationError, "huey.task(");
});

test("a second task of one name is refused by that name, a periodic one too", () => {
  const huey = new Huey("tests");
  huey.task("work", () => {});
  assertThrows(() => huey.task("work", () => {}), ConfigurationError, '"work"');
  assertThrows(() => huey.periodicTask("work", entry.every("1m"), () => {}), ConfigurationError, '"work"');
});

test("two instances may each have a task of one name", () => {
  const storage = memory();
  new Huey("tests", { storage }).task("work", () => 1);
  new Huey("tests", { storage }).task("work", () => 2);
});

test("what is not a function is refused as a task", () => {
  const huey = new Huey("tests");
  assertThrows(() => huey.task("work", undefined as never), TypeError, '"work"');
  assertThrows(() => huey.task("work", {}, "work" as never), TypeError, '"work"');
});

test("a periodic task without a schedule is refused", () => {
  const huey = new Huey("tests");
  for (const schedule of [undefined, null, "0 3 * * *", { next: 1 }]) {
    assertThrows(() => huey.periodicTask("work", schedule as never, () => {}), TypeError, "schedule");
  }
});

test("a name may be anything that is not empty", async () => {
  const huey = new Huey("tests");
  for (const name of ["__proto__", "constructor", "toString", "日本語", "a b:c/d\n"]) {
    const result = await huey.task(name, () => name)();
    await huey.drain();
    assertEquals(await result.get(), name);
  }
});

test("a task function says its name and its options", () => {
  const work = new Huey("tests").task("work", { retries: 2, retryDelay: "1m" }, () => {});
  assertEquals(work.name, "work");
  assertEquals({ ...work.options }, { retries: 2, retryDelay: "1m" });
});

test("changing the options after the task was defined changes nothing", () => {
  const options = { retries: 2 };
  const work = new Huey("tests").task("work", options, () => {});
  options.retries = 5;
  assertEquals([work.options.retries, work.s().retries], [2, 2]);
});

test("an unregistered name is free again", () => {
  const huey = new Huey("tests");
  const work = huey.task("work", () => 1);
  assertEquals([work.unregister(), work.unregister()], [true, false]);
  huey.task("work", () => 2);
});

test("every error of the library is a HueyError", () => {
  const classes = [
    entry.ConfigurationError,
    entry.TaskException,
    entry.TaskCanceled,
    entry.ResultTimeout,
    entry.TaskTimeout,
    entry.TaskLockedException,
    entry.RateLimitExceeded,
    entry.RetryTask,
    entry.CancelExecution,
  ];
  for (const { prototype } of classes) assert(prototype instanceof HueyError);
});

test("the main entry point exports the serialisers, and a constant for each signal", () => {
  for (const name of ["json", "signed", "compressed", "encrypted"]) {
    assertStrictEquals(typeof (entry as Record<string, unknown>)[name], "function", name);
  }
  const signals = Object.entries(entry).filter(([name]) => name.startsWith("SIGNAL_")).map(([, value]) =>
    String(value)
  );
  const names = "enqueued executing complete error canceled retrying scheduled revoked expired locked timeout " +
    "rate-limited interrupted redelivered dead";
  assertEquals(signals.sort(), names.split(" ").sort());
});
