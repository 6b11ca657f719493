import { configure, type LogRecord, reset } from "@logtape/logtape";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Huey } from "@hq/huey";
import { type Bench, onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

/** As an application might: everything the library logs while `body` runs. */
async function logged(body: () => Promise<void>): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { list: (record) => records.push(record) },
    loggers: [
      { category: ["huey"], sinks: ["list"], lowestLevel: "trace" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    await body();
  } finally {
    await reset();
  }
  return records;
}

/** A record as a sink that prints all of it would. */
function print({ level, category, message, properties }: LogRecord): string {
  return `${level} ${category.join(".")} ${message.join("")} ${JSON.stringify(properties)}`;
}

function fail(): never {
  throw new Error("no");
}

const SECRET = "hunter2";

/** Everything that may go wrong around a task, with the secret in its arguments, values, keys and messages. */
async function everything({ huey, another, clock }: Bench): Promise<void> {
  const strange = another();
  huey.signal(fail);
  huey.preExecute(fail);
  huey.postExecute(fail);
  await huey.put("key", SECRET);
  await huey.task("complete", (text: string) => text)(SECRET);
  await huey.task("fail", { retries: 1 }, fail as (text: string) => never)(SECRET);
  await huey.task("unserialisable", (text: string) => ({ text, fn() {} }))(SECRET);
  await huey.task("retryIf", { retries: 1, retryIf: fail }, fail as (text: string) => never)(SECRET);
  await strange.task("unknown", (_text: string) => {})(SECRET);
  await (await huey.task("revoked", (_text: string) => {})(SECRET)).revoke();
  const expired = await huey.task("expired", { expires: 1 }, (_text: string) => {}).schedule([SECRET], { delay: 5 });
  await huey.task("timeout", { timeout: 5 }, (_text: string) => new Promise(() => {}))(SECRET);
  for (const body of [SECRET, `~"${SECRET}"`, `~{"id":"${SECRET}`, `r[${SECRET}]`]) {
    await huey.core.storage.exchange({
      now: clock.now(),
      enqueue: [{ id: crypto.randomUUID(), name: "complete", body }],
    });
  }
  await asTimePasses(clock, huey.drain());
  await clock.advance("1h");
  await asTimePasses(clock, huey.drain());
  await eventually(() => expired.isReady());
  await huey.dead();
}

onEveryStorage(
  "no argument, no value and no message gets into the log, nor into a dead letter's reason",
  async (bench) => {
    const records = await logged(() => everything(bench));
    assert(records.length > 10, `only ${records.length} records: this test sees nothing`);
    assertEquals(records.map(print).filter((line) => line.includes(SECRET)), []);
    const reasons = (await bench.huey.dead()).map(({ reason, error }) => `${reason} ${error}`);
    assertEquals([reasons.length, reasons.filter((text) => text.includes(SECRET))], [6, []]);
  },
);

/** What went wrong, and what the line in the log must name. */
const LINES: [what: string, level: string, said: string[], run: (huey: Huey) => Promise<unknown>][] = [
  ["a dead letter", "error", ["work", "serialised"], (huey) => huey.task("work", () => () => {})()],
  ["a hook that fails", "error", ["preExecute", "work", "Error: no"], (huey) => {
    huey.preExecute(fail);
    return huey.task("work", () => {})();
  }],
  ["a handler that fails", "error", ["complete", "work", "Error: no"], (huey) => {
    huey.signal("complete", fail);
    return huey.task("work", () => {})();
  }],
  ["a schedule that fails", "error", ["work", "Error: no"], (huey) => {
    huey.periodicTask("work", { next: fail }, () => {});
    return Promise.resolve();
  }],
  [
    "a retryIf that fails",
    "error",
    ["work", "retryIf"],
    (huey) => huey.task("work", { retries: 1, retryIf: fail }, fail)(),
  ],
];

for (const [what, level, said, run] of LINES) {
  onEveryStorage(`${what} is logged, with the task's name`, async ({ huey }) => {
    const records = await logged(async () => {
      await run(huey);
      await huey.drain();
    });
    const line = records.filter((record) => record.level === level).map((record) => record.message.join("")).join("\n");
    for (const part of said) assertStringIncludes(line, part);
  });
}

onEveryStorage("a storage that is down is a warning, and so is a lost lease", async ({ huey, clock, consume }) => {
  const records = await logged(async () => {
    const { exchange } = huey.core.storage;
    huey.core.storage.exchange = () => Promise.reject(new Error("unreachable"));
    await consume();
    await clock.advance("10s");
    huey.core.storage.exchange = exchange;
  });
  const warnings = records.filter(({ level }) => level === "warning").map((record) => record.message.join(""));
  assert(warnings.length > 0);
  assertStringIncludes(warnings[0], "unreachable");
});

onEveryStorage("a task that goes well leaves nothing above debug in the log", async ({ huey }) => {
  const records = await logged(async () => {
    await huey.task("work", () => "done")();
    await huey.drain();
  });
  assertEquals(records.filter(({ level }) => level !== "debug" && level !== "trace").map(print), []);
});
