import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { TaskCanceled } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

onEveryStorage("a revoked task does not run", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  const result = await work();
  const other = await work();
  await result.revoke();
  assertEquals([await result.isRevoked(), await other.isRevoked(), await work.isRevoked()], [true, false, false]);
  await huey.drain();
  assertEquals([runs, await result.status(), await other.status()], [1, "revoked", "complete"]);
  const error = await assertRejects(() => result.get({ blocking: true }), TaskCanceled);
  assertEquals([error.status, error.taskId], ["revoked", result.id]);
});

onEveryStorage("a task is revoked by its handle, its id or itself, from any process", async ({ huey, another }) => {
  const work = huey.task("work", () => {});
  const task = work.s();
  const results = [await work(), await work(), await huey.enqueue(task)];
  const elsewhere = another();
  await elsewhere.revoke(results[0]);
  await elsewhere.revoke(results[1].id);
  await elsewhere.revoke(task);
  await huey.drain();
  assertEquals(await Promise.all(results.map((result) => result.status())), ["revoked", "revoked", "revoked"]);
});

onEveryStorage("a revocation can be taken back", async ({ huey }) => {
  const result = await huey.task("work", () => "done")();
  await huey.revoke(result);
  assertEquals([await huey.restore(result), await huey.restore(result)], [true, false]);
  assertEquals(await huey.isRevoked(result), false);
  await huey.drain();
  assertEquals(await result.get(), "done");
});

onEveryStorage("a task can be revoked before it is enqueued", async ({ huey }) => {
  await huey.revoke("mine");
  const result = await huey.task("work", () => {}).schedule([], { id: "mine" });
  await huey.drain();
  assertEquals(await result.status(), "revoked");
});

onEveryStorage("a scheduled task ends as revoked when its time has come", async ({ huey, clock }) => {
  const result = await huey.task("work", () => {}).schedule([], { delay: "1h" });
  await result.revoke();
  assertEquals(await result.status(), "scheduled");
  await clock.advance("1h");
  await huey.drain();
  assertEquals(await result.status(), "revoked");
});

onEveryStorage("all tasks of a function are revoked, until it is restored", async ({ huey, another }) => {
  const ran: number[] = [];
  const body = (x: number): void => {
    ran.push(x);
  };
  const work = huey.task("work", body);
  const other = huey.task("other", body);
  await work(1);
  await another().task("work", body).revoke();
  await work(2);
  await other(3);
  assert(await work.isRevoked());
  await huey.drain();
  assertEquals(ran, [3]);
  assertEquals([await work.restore(), await work.restore(), await work.isRevoked()], [true, false, false]);
  await work(4);
  await huey.drain();
  assertEquals(ran, [3, 4]);
});

onEveryStorage("a revoked function is also revoked for a process that starts later", async ({ huey, another }) => {
  await huey.task("work", () => {}).revoke();
  assert(await another().task("work", () => {}).isRevoked());
});

onEveryStorage("a revocation holds until the instant it says", async ({ huey, clock }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  await work.revoke({ until: new Date(clock.now() + 60_000) });
  await clock.advance("59999ms");
  await work();
  await huey.drain();
  assertEquals([runs, await work.isRevoked()], [0, true]);
  await clock.advance("1ms");
  await work();
  await huey.drain();
  assertEquals([runs, await work.isRevoked()], [1, false]);
});

onEveryStorage("a revocation until the past is none", async ({ huey, clock }) => {
  const work = huey.task("work", () => {});
  await work.revoke({ until: clock.now() - 1 });
  assertEquals(await work.isRevoked(), false);
});

onEveryStorage("a revocation until nonsense is refused", async ({ huey }) => {
  const work = huey.task("work", () => {});
  await assertRejects(() => work.revoke({ until: NaN }), TypeError, "'until'");
  await assertRejects(() => huey.revoke("id", { until: "tomorrow" as never }), TypeError, "'until'");
});

onEveryStorage("a function that is revoked once skips one task", async ({ huey }) => {
  const ran: number[] = [];
  const work = huey.task("work", (x: number) => {
    ran.push(x);
  });
  await work.revoke({ once: true });
  await work.map([[1], [2], [3]]);
  await huey.drain({ concurrency: 1 });
  assertEquals([ran, await work.isRevoked()], [[2, 3], false]);
});

onEveryStorage("of many workers exactly one meets a revocation that holds once", async ({ huey, another, consume }) => {
  let runs = 0;
  const body = (): void => {
    runs++;
  };
  const work = huey.task("work", body);
  const other = another();
  other.task("work", body);
  await work.revoke({ once: true });
  await work.map(Array.from({ length: 40 }, () => []));
  await Promise.all([consume({ workers: 8 }), consume({ workers: 8 }, other)]);
  await eventually(async () => (await huey.counts()).results === 40);
  assertEquals([runs, await work.isRevoked()], [39, false]);
});

onEveryStorage("a task that is revoked once may be enqueued again under its id", async ({ huey }) => {
  const work = huey.task("work", () => "done");
  await huey.revoke("mine", { once: true });
  const result = await work.schedule([], { id: "mine" });
  await huey.drain();
  assertEquals([await result.status(), await result.isRevoked()], ["revoked", false]);
  await work.schedule([], { id: "mine" });
  await huey.drain();
  assertEquals(await result.get(), "done");
});

onEveryStorage("a task that is revoked for good stays so, also under its id anew", async ({ huey }) => {
  const work = huey.task("work", () => "done");
  await huey.revoke("mine");
  for (let i = 0; i < 2; i++) {
    const result = await work.schedule([], { id: "mine" });
    await huey.drain();
    assertEquals([await result.status(), await huey.isRevoked("mine")], ["revoked", true]);
  }
  assertEquals(await huey.restore("mine"), true);
  const result = await work.schedule([], { id: "mine" });
  await huey.drain();
  assertEquals(await result.get(), "done");
});

onEveryStorage("a revoked task that waits for a retry does not run again", async ({ huey, clock }) => {
  let runs = 0;
  const result = await huey.task("fail", { retries: 3, retryDelay: "1m" }, () => {
    runs++;
    throw new Error("no");
  })();
  await huey.drain();
  await result.revoke();
  await clock.advance("1h");
  await huey.drain();
  assertEquals([runs, await result.status()], [1, "revoked"]);
});

onEveryStorage(
  "a running task that is revoked elsewhere is aborted within one renewal",
  async ({ huey, another, clock, consume }) => {
    const started = Promise.withResolvers<AbortSignal>();
    const result = await huey.task("work", { context: true, retries: 3 }, ({ signal }) => {
      started.resolve(signal);
      return new Promise<never>(() => {});
    })();
    const signals = recordSignals(huey);
    await consume();
    const signal = await started.promise;
    await another().revoke(result);
    assertEquals(signal.aborted, false);
    await clock.advance("3334ms");
    await eventually(() => signal.aborted);
    assertInstanceOf(signal.reason, TaskCanceled);
    await assertRejects(() => result.get({ blocking: true }), TaskCanceled);
    await eventually(() => signals.length === 2);
    assertEquals([await result.status(), signals], ["revoked", ["executing", "revoked"]]);
  },
);

onEveryStorage("revoking a function leaves what is running alone", async ({ huey, clock, consume }) => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<string>();
  const work = huey.task("work", () => {
    started.resolve();
    return finish.promise;
  });
  const result = await work();
  await consume();
  await started.promise;
  await work.revoke();
  await clock.advance("1m");
  finish.resolve("done");
  assertEquals(await asTimePasses(clock, result.get({ blocking: true })), "done");
});

onEveryStorage("what is revoked before and finished meanwhile keeps its outcome", async ({ huey }) => {
  const result = await huey.task("work", () => "done")();
  await huey.drain();
  await result.revoke();
  assertEquals([await result.get(), await result.status()], ["done", "complete"]);
});

onEveryStorage("cancel takes a task out of the queue", async ({ huey }) => {
  let runs = 0;
  const result = await huey.task("work", () => {
    runs++;
  })();
  const signals = recordSignals(huey);
  assertEquals(await huey.cancel(result.id), true);
  assertEquals([signals, (await huey.counts()).queued, await result.status()], [["canceled"], 0, "canceled"]);
  const error = await assertRejects(() => result.get({ blocking: true }), TaskCanceled);
  assertEquals(error.status, "canceled");
  await huey.drain();
  assertEquals([runs, await huey.cancel(result.id), signals], [0, false, ["canceled"]]);
});

onEveryStorage("cancel takes a task out of the schedule, and out of the wait for its retry", async ({ huey }) => {
  const work = huey.task("work", { retries: 1, retryDelay: "1h" }, () => {
    throw new Error("no");
  });
  const scheduled = await work.schedule([], { delay: "1h" });
  const retrying = await work();
  await huey.drain();
  for (const { id } of [scheduled, retrying]) assertEquals(await huey.cancel(id), true);
  assertEquals([await scheduled.status(), await retrying.status()], ["canceled", "canceled"]);
  assertEquals((await huey.counts()).scheduled, 0);
});

onEveryStorage(
  "cancel aborts a task that runs, and says that it did not take it out",
  async ({ huey, another, clock, consume }) => {
    const started = Promise.withResolvers<AbortSignal>();
    const result = await huey.task("work", { context: true, retries: 3 }, ({ signal }) => {
      started.resolve(signal);
      return new Promise<never>(() => {});
    })();
    await consume();
    const signal = await started.promise;
    assertEquals(await another().cancel(result.id), false);
    await clock.advance("4s");
    const error = await assertRejects(() => result.get({ blocking: true }), TaskCanceled);
    assertEquals([signal.aborted, error.status, await result.status()], [true, "canceled", "canceled"]);
  },
);

onEveryStorage("cancel knows nothing of strangers, of the finished and of the dead", async ({ huey, another }) => {
  const done = await huey.task("work", () => "done")();
  const dead = await another().task("unknown", () => {})();
  await huey.drain();
  for (const id of ["nobody", done.id, dead.id]) assertEquals(await huey.cancel(id), false);
  assertEquals([await done.get(), await dead.status(), (await huey.counts()).dead], ["done", "error", 1]);
});
