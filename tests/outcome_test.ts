import { assertEquals, assertRejects } from "@std/assert";
import { ResultTimeout } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses } from "./eventually.ts";

onEveryStorage("status says where a task is, in every state", async ({ huey, clock }) => {
  const result = huey.result("mine");
  const seen: string[] = [await result.status()];
  let runs = 0;
  const work = huey.task("work", { retries: 2, retryDelay: "1m" }, async () => {
    seen.push(await result.status());
    if (++runs < 2) throw new Error("no");
  });
  await work.schedule([], { id: "mine", delay: "1m" });
  seen.push(await result.status());
  await clock.advance("1m");
  await huey.drain();
  seen.push(await result.status());
  await clock.advance("1m");
  await huey.drain();
  seen.push(await result.status());
  assertEquals(seen, ["unknown", "scheduled", "running", "retrying", "running", "complete"]);
});

onEveryStorage("status of a task that waits in the queue, before and after a retry", async ({ huey }) => {
  const fail = huey.task("fail", { retries: 1 }, () => {
    throw new Error("no");
  });
  const result = await fail();
  assertEquals(await result.status(), "queued");
  await huey.drain({ maxTasks: 1 });
  assertEquals(await result.status(), "retrying");
  await huey.drain({ maxTasks: 1 });
  assertEquals(await result.status(), "error");
});

onEveryStorage("status of a dead letter is error", async ({ huey, another }) => {
  const result = await another().task("unknown", () => {})();
  await huey.drain();
  assertEquals(await result.status(), "error");
  await huey.flush("results");
  assertEquals(await result.status(), "error");
});

onEveryStorage("an outcome is kept for a day", async ({ huey, clock }) => {
  const result = await huey.task("work", () => 1)();
  await huey.drain();
  await clock.advance("23h");
  assertEquals(await result.get(), 1);
  await clock.advance("1h");
  assertEquals([await result.get(), await result.status()], [undefined, "unknown"]);
});

onEveryStorage("an outcome is kept as long as the task says, or else the instance", async ({ huey, clock }) => {
  const results = [
    await huey.task("short", { resultTtl: "10s" }, () => 1)(),
    await huey.task("usual", () => 1)(),
    await huey.task("long", { resultTtl: "1h" }, () => 1)(),
  ];
  await huey.drain();
  const seen: (number | undefined)[][] = [];
  for (const pause of ["9s", "1s", "50s", "1h"] as const) {
    await clock.advance(pause);
    seen.push(await Promise.all(results.map((result) => result.get())));
  }
  assertEquals(seen, [[1, 1, 1], [undefined, 1, 1], [undefined, undefined, 1], [undefined, undefined, undefined]]);
}, { resultTtl: "1m" });

onEveryStorage(
  "where results are not kept, a call still gives a handle, which is unknown once it has run",
  async ({ huey }) => {
    let runs = 0;
    const result = await huey.task("work", () => ++runs)();
    assertEquals(await result.status(), "queued");
    await huey.drain();
    assertEquals([runs, await result.get(), await result.status(), (await huey.counts()).results], [
      1,
      undefined,
      "unknown",
      0,
    ]);
  },
  { results: false },
);

onEveryStorage("where results are not kept, a read that waits ends when the task is gone", async ({ huey, clock }) => {
  const result = await huey.task("work", () => 1)();
  let ended = false;
  const waiting = result.get({ blocking: true }).finally(() => ended = true);
  await clock.advance("5s");
  assertEquals(ended, false);
  await huey.drain();
  assertEquals(await asTimePasses(clock, waiting), undefined);
}, { results: false });

onEveryStorage("where results are not kept, a read that waits still has its timeout", async ({ huey }) => {
  const result = await huey.task("work", () => 1)();
  await assertRejects(() => result.get({ blocking: true, timeout: 0 }), ResultTimeout);
}, { results: false });
