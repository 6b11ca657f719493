import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { TaskException, TaskTimeout } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

onEveryStorage("a timeout aborts the task's signal with a TaskTimeout", async ({ huey, clock }) => {
  let reason: unknown;
  const started = Promise.withResolvers<void>();
  const work = huey.task("work", { context: true, timeout: "5s" }, ({ signal }) => {
    started.resolve();
    return new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(new Error("aborted"));
      })
    );
  });
  const result = await work();
  const draining = huey.drain();
  await started.promise;
  await clock.advance("4999ms");
  assertEquals(reason, undefined);
  await clock.advance("1ms");
  const report = await draining;
  assertInstanceOf(reason, TaskTimeout);
  assertEquals(report.failed, 1);
  const error = await assertRejects(() => result.get(), TaskException);
  assertStringIncludes(error.metadata.error, "TaskTimeout");
  assertStringIncludes(error.metadata.error, "work");
  assertEquals(await result.status(), "error");
});

onEveryStorage("a task that ignores its timeout does not hold up its worker", async ({ huey, clock, consume }) => {
  const hang = huey.task("hang", { timeout: "5s" }, () => new Promise<never>(() => {}));
  const work = huey.task("work", () => "done");
  await consume({ workers: 1 });
  const stuck = await hang();
  const next = await work();
  await eventually(async () => await stuck.status() === "running");
  await clock.advance("5s");
  assertEquals(await asTimePasses(clock, next.get({ blocking: true })), "done");
  await assertRejects(() => stuck.get(), TaskException, "TaskTimeout");
});

onEveryStorage("what a task does after its timeout changes nothing", async ({ huey, clock }) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const started = Promise.withResolvers<void>();
  const result = await huey.task("work", { timeout: "5s" }, () => {
    started.resolve();
    return promise;
  })();
  const draining = huey.drain();
  await started.promise;
  await clock.advance("5s");
  await draining;
  resolve("late");
  await huey.drain();
  await assertRejects(() => result.get(), TaskException, "TaskTimeout");
});

onEveryStorage("a task that timed out is retried, with all of its time again", async ({ huey, clock }) => {
  const began: number[] = [];
  const start = clock.now();
  const work = huey.task("work", { context: true, timeout: "10s", retries: 2 }, async ({ attempt, signal }) => {
    began.push((clock.now() - start) / 1_000);
    await clock.sleep(attempt < 3 ? 60_000 : 9_000, signal);
    return attempt;
  });
  const result = await work();
  await asTimePasses(clock, huey.drain({ budget: "1h" }));
  assertEquals([await result.get(), began.map((at) => at - began[0])], [3, [0, 10, 20]]);
});

onEveryStorage("a task that ends in time is not touched by its timeout", async ({ huey, clock }) => {
  let seen: AbortSignal | undefined;
  const result = await huey.task("work", { context: true, timeout: "5s" }, ({ signal }) => {
    seen = signal;
    return "done";
  })();
  await huey.drain();
  await clock.advance("1m");
  assertEquals([await result.get(), seen!.aborted], ["done", false]);
});

onEveryStorage("what a call says about its timeout wins", async ({ huey, clock }) => {
  const hang = huey.task("hang", { timeout: "1h" }, () => new Promise<never>(() => {}));
  const result = await hang.schedule([], { timeout: "1s" });
  const draining = huey.drain();
  await eventually(async () => await result.status() === "running");
  await clock.advance("1s");
  await draining;
  await assertRejects(() => result.get(), TaskException, "TaskTimeout");
});

onEveryStorage("a call may lift the timeout of its task", async ({ huey, clock }) => {
  const slow = huey.task("slow", { timeout: "1s" }, () => clock.sleep(60_000).then(() => "done"));
  const result = await slow.schedule([], { timeout: 0 });
  await asTimePasses(clock, huey.drain({ budget: "1h" }));
  assertEquals(await result.get(), "done");
});

onEveryStorage("retryIf is asked about a timeout", async ({ huey, clock }) => {
  let asked: unknown;
  const options = { timeout: "1s", retries: 3, retryIf: (error: unknown) => !(asked = error) } as const;
  const result = await huey.task("hang", options, () => new Promise<never>(() => {}))();
  await asTimePasses(clock, huey.drain());
  assertInstanceOf(asked, TaskTimeout);
  assertEquals(await result.status(), "error");
});

onEveryStorage("a long task without a timeout keeps its lease", async ({ huey, another, clock }) => {
  let runs = 0;
  const work = (): Promise<void> => {
    runs++;
    return clock.sleep(600_000);
  };
  const result = await huey.task("work", work)();
  const other = another();
  other.task("work", work);
  const draining = huey.drain({ budget: "1h" });
  await eventually(async () => await result.status() === "running");
  for (let i = 0; i < 60; i++) {
    await clock.advance("10s");
    if (i < 59) assertEquals((await other.drain()).executed, 0);
  }
  await draining;
  assertEquals([runs, await result.status()], [1, "complete"]);
  assert(clock.now() > 0);
});
