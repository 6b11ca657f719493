import { assertEquals, assertRejects } from "@std/assert";
import { TaskCanceled } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";

onEveryStorage("a task that was not started before it expired does not run", async ({ huey, clock }) => {
  let runs = 0;
  const result = await huey.task("work", { expires: 60 }, () => {
    runs++;
  })();
  await clock.advance("61s");
  const report = await huey.drain();
  const error = await assertRejects(() => result.get({ blocking: true }), TaskCanceled, result.id);
  assertEquals([runs, error.status, await result.status()], [0, "expired", "expired"]);
  assertEquals([report.executed, report.failed], [0, 0]);
});

onEveryStorage("a task that is started in time runs to its end", async ({ huey, clock }) => {
  const result = await huey.task("work", { expires: "60s" }, async () => {
    await clock.advance("2m");
    return "done";
  })();
  await clock.advance("59s");
  await huey.drain({ budget: "2h" });
  assertEquals(await result.get(), "done");
});

onEveryStorage("with a delay or an eta the time until expiry counts from there", async ({ huey, clock }) => {
  const work = huey.task("work", { expires: "1m" }, () => "done");
  const results = [
    await work.schedule([], { delay: "1h" }),
    await work.schedule([], { eta: clock.now() + 3_600_000 }),
    await work.schedule([], { delay: "59m" }),
    await work.schedule([], { eta: clock.now() + 3_540_000 - 1 }),
  ];
  await clock.advance("1h");
  await clock.advance("1s");
  await huey.drain();
  const statuses = await Promise.all(results.map((result) => result.status()));
  assertEquals(statuses, ["complete", "complete", "expired", "expired"]);
});

onEveryStorage("an expiry may be an instant, which an eta does not move", async ({ huey, clock }) => {
  const expires = new Date(clock.now() + 60_000);
  const work = huey.task("work", { expires }, () => "done");
  const results = [await work(), await work.schedule([], { delay: "2m" })];
  await huey.drain();
  await clock.advance("3m");
  await huey.drain();
  assertEquals([await results[0].status(), await results[1].status()], ["complete", "expired"]);
});

onEveryStorage("what a call says about its expiry wins", async ({ huey, clock }) => {
  const work = huey.task("work", { expires: "1h" }, () => {});
  const result = await work.schedule([], { expires: "1s" });
  const longer = await huey.enqueue(work.s().with({ expires: "2h" }));
  await clock.advance("90m");
  await huey.drain();
  assertEquals([await result.status(), await longer.status()], ["expired", "complete"]);
});

onEveryStorage("the expiry is fixed when the task is enqueued, not when it is built", async ({ huey, clock }) => {
  const task = huey.task("work", { expires: "1m" }, () => {}).s();
  assertEquals(task.expires, undefined);
  await clock.advance("1h");
  const result = await huey.enqueue(task);
  assertEquals((await huey.pending()).map((task) => task.expires), [clock.now() + 60_000]);
  await clock.advance("59s");
  await huey.drain();
  assertEquals(await result.status(), "complete");
});

onEveryStorage(
  "the option as it was at the call holds, in a worker that has another",
  async ({ huey, another, clock }) => {
    const worker = another();
    worker.task("work", { expires: "1h" }, () => {});
    const result = await huey.task("work", { expires: "1s" }, () => {})();
    await clock.advance("1m");
    await worker.drain();
    assertEquals(await result.status(), "expired");
  },
);

onEveryStorage("retries do not extend the expiry", async ({ huey, clock }) => {
  let runs = 0;
  const result = await huey.task("fail", { expires: "1m", retries: 10, retryDelay: "25s" }, () => {
    runs++;
    throw new Error("no");
  })();
  for (let i = 0; i < 10; i++) {
    await huey.drain();
    await clock.advance("25s");
  }
  assertEquals([runs, await result.status()], [3, "expired"]);
});

onEveryStorage("a redelivery does not extend the expiry", async ({ huey, clock }) => {
  const result = await huey.task("work", { expires: "5s" }, () => {})();
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await clock.advance("11s");
  await huey.drain();
  assertEquals(await result.status(), "expired");
});
