import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { type Huey, json, Task, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

/** Puts a message straight into the storage, as another program or another version might. */
async function inject(huey: Huey, body: string, { id = "odd", name = "work" } = {}): Promise<void> {
  await huey.core.storage.exchange({ now: huey.core.clock.now(), enqueue: [{ id, name, body }] });
}

onEveryStorage("a task whose name nobody knows becomes a dead letter that says so", async ({ huey, another }) => {
  const result = await another().task("sendEmail", (_to: string) => {})("ada");
  const signals = recordSignals(huey);
  const report = await huey.drain();
  assertEquals([signals, report.executed, report.failed], [["dead"], 0, 1]);
  const [dead, ...others] = await huey.dead();
  assertInstanceOf(dead, Task);
  assertEquals([others, dead.id, dead.name, dead.args], [[], result.id, "sendEmail", ["ada"]]);
  assertStringIncludes(dead.reason, '"sendEmail"');
  await assertRejects(() => result.get({ blocking: true }), TaskException, "sendEmail");
});

const UNDECODABLE: [what: string, body: string][] = [
  ["nothing", ""],
  ["plain text", "hello"],
  ["broken JSON", '~{"id":'],
  ["a value of another shape", "~[1,2]"],
  ["null", "~null"],
  ["a task without arguments", '~{"id":"odd","name":"work"}'],
  ["a task of another id", '~{"id":"other","name":"work","args":[]}'],
  ["a task of another name", '~{"id":"odd","name":"other","args":[]}'],
  ["JSON of no format", '{"id":"odd","name":"work","args":[]}'],
];

for (const [what, body] of UNDECODABLE) {
  onEveryStorage(`a message that holds ${what} becomes a dead letter`, async ({ huey }) => {
    let runs = 0;
    huey.task("work", () => {
      runs++;
    });
    await inject(huey, body);
    assertEquals((await huey.pending()).map(({ id, name, args }) => [id, name, args]), [["odd", "work", []]]);
    const signals = recordSignals(huey);
    await huey.drain();
    assertEquals([runs, signals], [0, ["dead"]]);
    const [dead] = await huey.dead();
    assertEquals([dead.id, dead.name, dead.args], ["odd", "work", []]);
    assertStringIncludes(dead.reason, "cannot be decoded");
    assertEquals(await huey.result("odd").status(), "error");
  });
}

const NONSENSE: [what: string, body: string][] = [
  ["retries", '~{"id":"odd","name":"work","args":[],"changes":{"retries":"many"}}'],
  ["an attempt", '~{"id":"odd","name":"work","args":[],"attempt":"first"}'],
  ["an expiry", '~{"id":"odd","name":"work","args":[],"expiry":7}'],
  ["changes", '~{"id":"odd","name":"work","args":[],"changes":null}'],
];

for (const [what, body] of NONSENSE) {
  onEveryStorage(`a message with nonsense for ${what} does not stop the worker`, async ({ huey }) => {
    huey.task("work", () => {
      throw new Error("no");
    });
    const other = huey.task("other", () => "done");
    await inject(huey, body);
    const result = await other();
    await huey.drain();
    assertEquals([await result.get(), (await huey.counts()).running], ["done", 0]);
  });
}

onEveryStorage("a value that cannot be serialised makes a dead letter that says so", async ({ huey }) => {
  const result = await huey.task("work", { retries: 3 }, () => () => {})();
  const signals = recordSignals(huey);
  const report = await huey.drain();
  assertEquals([signals, report.executed, report.failed], [["executing", "dead"], 1, 1]);
  const [dead] = await huey.dead();
  assertStringIncludes(dead.reason, "return value cannot be serialised");
  assertStringIncludes(dead.error!, "function");
  await assertRejects(() => result.get({ blocking: true }), TaskException, "function");
  assertEquals(await result.status(), "error");
});

onEveryStorage("after a dead letter the worker goes on", async ({ huey, another, clock, consume }) => {
  await another().task("unknown", () => {})();
  await inject(huey, "hello");
  await huey.task("bad", () => Symbol("no"))();
  const result = await huey.task("good", () => "done")();
  await consume({ workers: 1 });
  assertEquals(await asTimePasses(clock, result.get({ blocking: true })), "done");
  assertEquals((await huey.counts()).dead, 3);
});

onEveryStorage("dead letters are listed newest first, as many as asked for", async ({ huey, another }) => {
  const unknown = another().task("unknown", () => {});
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    ids.unshift((await unknown()).id);
    await huey.drain();
  }
  assertEquals((await huey.dead()).map(({ id }) => id), ids);
  assertEquals((await huey.dead(2)).map(({ id }) => id), ids.slice(0, 2));
  assertEquals(await huey.dead(0), []);
});

onEveryStorage("retryDead puts a dead letter back, and takes its outcome away", async ({ huey, another }) => {
  const result = await another().task("late", (x: number) => x)(5);
  await huey.drain();
  await assertRejects(() => result.get(), TaskException);
  huey.task("late", (x: number) => x * 2);
  const signals = recordSignals(huey);
  assertEquals(await huey.retryDead(result.id), 1);
  assertEquals([await result.status(), await result.get(), (await huey.counts()).dead], ["queued", undefined, 0]);
  await huey.drain();
  assertEquals([await result.get(), signals], [10, ["enqueued", "executing", "complete"]]);
});

onEveryStorage("retryDead puts all of them back if none is named", async ({ huey, another }) => {
  const unknown = another().task("late", () => {});
  await unknown.map([[], [], []]);
  await huey.drain();
  let runs = 0;
  huey.task("late", () => {
    runs++;
  });
  assertEquals([await huey.retryDead(), await huey.retryDead()], [3, 0]);
  await huey.drain();
  assertEquals(runs, 3);
});

onEveryStorage("retryDead of what is not dead does nothing", async ({ huey }) => {
  const result = await huey.task("work", () => {})();
  assertEquals([await huey.retryDead(result.id), await huey.retryDead("nobody")], [0, 0]);
  assertEquals(await result.status(), "queued");
});

onEveryStorage(
  "a dead letter that is retried keeps its priority and its arguments",
  async ({ huey, another, clock }) => {
    await another().task("late", (x: number) => x).schedule([5], { priority: 7, delay: "1s" });
    await clock.advance("1s");
    await huey.drain();
    await huey.retryDead();
    const [task] = await huey.pending();
    assertEquals([task.priority, task.args], [7, [5]]);
  },
);

onEveryStorage("a poisoned message that is retried gets all its deliveries again", async ({ huey, clock }) => {
  const result = await huey.task("work", { context: true }, ({ deliveries }) => deliveries)();
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await clock.advance("11s");
  await huey.drain();
  assertEquals((await huey.counts()).dead, 1);
  await huey.retryDead();
  await huey.drain();
  assertEquals(await result.get(), 1);
}, { maxDeliveries: 1 });

onEveryStorage("a message from a program that writes plain JSON is run", async ({ huey }) => {
  huey.task("work", (x: number) => x + 1);
  await inject(huey, '~{"id":"odd","name":"work","args":[1]}');
  await huey.drain();
  assertEquals(await huey.result("odd").get(), 2);
}, { serializer: json() });
