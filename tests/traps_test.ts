/**
 * The traps of Huey 3.3, where its documentation and its code go apart or its design bites, one by one: none of them is
 * here. The numbers are those of `docs/coming-from-huey.md`.
 */
import { readFileSync } from "node:fs";
import { test } from "node:test";
import process from "node:process";
import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { chord, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

onEveryStorage("trap 1: the traceback of a failed task is that of the task", async ({ huey }) => {
  function deepInside(): never {
    throw new RangeError("no");
  }
  const result = await huey.task("work", () => deepInside())();
  await huey.drain();
  const { metadata, cause } = await assertRejects(() => result.get(), TaskException);
  assert(metadata.traceback.includes("deepInside"), metadata.traceback);
  assertEquals(metadata.traceback, (cause as Error).stack);
});

onEveryStorage("trap 2: a signal handler that throws stops no other one", async ({ huey }) => {
  const seen: string[] = [];
  huey.signal("complete", () => {
    throw new Error("no");
  });
  huey.signal("complete", () => void seen.push("second"));
  huey.signal(() => void seen.push("any"));
  await huey.task("work", () => {})();
  await huey.drain();
  assertEquals(seen.filter((one) => one === "second").length, 1);
  assertEquals(seen.filter((one) => one === "any").length, 3);
});

onEveryStorage("trap 3: an earlier outcome does not end the wait for a later one", async ({ huey, clock }) => {
  const work = huey.task("work", { context: true, retries: 1, retryDelay: "3s" }, ({ attempt }) => {
    if (attempt === 1) throw new Error("not yet");
    return "done";
  });
  const result = await work();
  await huey.drain();
  await assertRejects(() => result.get(), TaskException);
  result.reset();
  const waiting = result.get({ blocking: true, timeout: "1h" });
  const drained = (async () => {
    await clock.advance("3s");
    await huey.drain();
  })();
  assertEquals(await asTimePasses(clock, waiting), "done");
  await drained;
}, { storeIntermediateErrors: true });

onEveryStorage("trap 3: of two who wait for one result both are woken", async ({ huey, another, clock, consume }) => {
  const result = await huey.task("work", () => "done").schedule([], { delay: "1s" });
  const waiting = [huey, another(), another()].map((one) => one.result(result.id).get({ blocking: true }));
  await consume();
  assertEquals(await asTimePasses(clock, Promise.all(waiting)), ["done", "done", "done"]);
});

onEveryStorage("trap 3: a timeout of nothing does not wait for ever, and flush leaves nothing", async ({ huey }) => {
  const result = await huey.task("work", () => "done")();
  await assertRejects(() => result.get({ blocking: true, timeout: 0 }), Error, "has not ended");
  await huey.drain();
  await huey.flush();
  assertEquals([await result.get(), await result.status()], [undefined, "unknown"]);
  assertEquals(await huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results: 0 });
});

onEveryStorage("trap 4: the zone and the summer time of a host move no task", async ({ huey, clock }) => {
  const zone = process.env.TZ;
  process.env.TZ = "America/New_York";
  try {
    // New York's clocks go from 2:00 to 3:00 between these two, and in 2026 naive times between them are ambiguous.
    const etas = ["2026-03-08T02:30:00Z", "2026-03-08T03:30:00Z", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"];
    const ran: string[] = [];
    const work = huey.task("work", (eta: string) => void ran.push(`${eta} ${clock.now() - Date.parse(eta)}`));
    for (const eta of etas) await work.schedule([eta], { eta: new Date(eta) });
    await clock.set(Date.parse(etas[0]));
    for (let minute = 0; minute < 6 * 60; minute += 30) {
      await huey.drain();
      await clock.advance("30m");
    }
    assertEquals(ran, etas.map((eta) => `${eta} 0`));
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

onEveryStorage("trap 5: a relative expiry is fixed at the call, and no retry extends it", async ({ huey, clock }) => {
  let runs = 0;
  const work = huey.task("work", { expires: "1m", retries: 9, retryDelay: "25s" }, () => {
    runs++;
    throw new Error("no");
  });
  const result = await work();
  for (let i = 0; i < 6; i++) {
    await huey.drain();
    await clock.advance("25s");
  }
  assertEquals([runs, await result.status()], [3, "expired"]);
});

onEveryStorage(
  "trap 6: the arguments that were given come first, and then the value, as the docs say and show",
  async (bench) => {
    const { huey } = bench;
    const head = huey.task("head", () => "value");
    const list = huey.task("list", (...args: string[]) => args);
    const stages = await huey.enqueue(head.s().pipe(list, "given"));
    await huey.drain();
    assertEquals(await stages.at(1)!.get(), ["given", "value"]);
  },
);

onEveryStorage("trap 8: no name is reserved among the arguments of a task", async ({ huey }) => {
  const options = { delay: 1, eta: 2, retries: 3, retryDelay: 4, retryBackoff: 5, priority: 6, expires: 7, timeout: 8 };
  const work = huey.task("work", (given: typeof options & { id: string; task: string }) => given);
  const given = { ...options, id: "mine", task: "too" };
  const result = await work(given);
  assertNotEquals(result.id, "mine");
  await huey.drain();
  assertEquals(await result.get(), given);
});

onEveryStorage("trap 9: a callback gets the list as its last argument, whatever it was given", async ({ huey }) => {
  const echo = huey.task("echo", (n: number) => n);
  const list = huey.task("list", (...args: unknown[]) => args);
  const results = [
    await huey.enqueue(chord([echo.s(1), echo.s(2)], list)),
    await huey.enqueue(chord([echo.s(1), echo.s(2)], list.s("a"))),
    await huey.enqueue(chord([echo.s(1), echo.s(2)], list.s("a", "b"))),
  ];
  await huey.drain();
  const values = await Promise.all(results.map((result) => result.get()));
  assertEquals(values, [[[1, 2]], ["a", [1, 2]], ["a", "b", [1, 2]]]);
});

onEveryStorage("trap 10: a unique task is kept apart by any arguments, and a lost one frees its key", async (bench) => {
  const { huey, clock } = bench;
  const work = huey.task("work", { unique: true }, (_given: object) => {});
  const first = await work({ a: [1, new Date(0)], b: new Map([["x", 1]]) });
  const second = await work({ a: [1, new Date(0)], b: new Map([["x", 1]]) });
  const other = await work({ a: [1, new Date(1)], b: new Map([["x", 1]]) });
  assertEquals([second.id === first.id, other.id === first.id], [true, false]);
  for (let i = 0; i < 3; i++) {
    await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 2, lease: 10_000 } });
    await clock.advance("11s");
  }
  await huey.drain();
  assertEquals((await huey.dead()).length, 2);
  assertNotEquals((await work({ a: [1, new Date(0)], b: new Map([["x", 1]]) })).id, first.id);
});

onEveryStorage("trap 11: of two calls of one id one is queued and runs", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", (_user: string) => ++runs);
  const results = await Promise.all(["a", "b"].map((user) => work.schedule([user], { id: "report-7" })));
  assertEquals((await huey.counts()).queued, 1);
  await huey.drain();
  assertEquals([runs, await Promise.all(results.map((result) => result.get()))], [1, [1, 1]]);
});

onEveryStorage("trap 12: a timeout ends a task that does not look at it, and its worker goes on", async (bench) => {
  const { huey, clock, consume } = bench;
  const hang = await huey.task("hang", { timeout: "5s" }, () => new Promise<never>(() => {}))();
  const next = await huey.task("next", () => "done")();
  await consume({ workers: 1 });
  assertEquals(await asTimePasses(clock, next.get({ blocking: true })), "done");
  await assertRejects(() => hang.get(), TaskException, "TaskTimeout");
});

test("trap 13: a consumer's defaults are told alike where they are documented", () => {
  const read = (path: string) => readFileSync(new URL(`../src/${path}`, import.meta.url), "utf8");
  const documented = [...read("consumer.ts").matchAll(/@default \{(.+?)\}\s*\*\/\s*(\w+)\?/g)];
  const options = read("cli/consume_options.ts");
  let compared = 0;
  for (const [, value, option] of documented) {
    const flag = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const about = new RegExp(`name: "${flag}",[^}]*?about:\\s*"[^"]*\\((?:\\w+, )?([^)"]+)\\)`).exec(options)?.[1];
    if (about === undefined) continue;
    assertEquals([option, about.replace(/^default /, "")], [option, value.replaceAll('"', "")]);
    compared++;
  }
  assertLess(3, compared);
});

onEveryStorage(
  "trap 14: interrupted is sent when the task was given back, and its late end is refused",
  async (bench) => {
    const { huey, another, consume } = bench;
    const started = Promise.withResolvers<void>();
    let end!: (value: string) => void;
    const result = await huey.task("work", () => {
      started.resolve();
      return new Promise<string>((resolve) => end = resolve);
    })();
    const statuses: Promise<string>[] = [];
    huey.signal("interrupted", () => void statuses.push(result.status()));
    const consumer = await consume();
    await started.promise;
    await consumer.stop({ graceful: false });
    assertEquals(await Promise.all(statuses), ["queued"]);
    const other = another();
    other.task("work", () => "second");
    await other.drain();
    end("first");
    await eventually(async () => await result.get() !== undefined);
    assertEquals(await result.get(), "second");
  },
);

onEveryStorage("trap 15: the name that travels is the name that was given, wherever the function is", async (bench) => {
  const { huey, another } = bench;
  await huey.task("mail.send", () => "from here")();
  const [{ name }] = await huey.pending();
  assertEquals(name, "mail.send");
  const moved = another();
  const anywhere = { deliver: () => "from there" };
  moved.task("mail.send", anywhere.deliver);
  await moved.drain();
  assertEquals([(await huey.counts()).dead, (await huey.counts()).results], [0, 1]);
});
