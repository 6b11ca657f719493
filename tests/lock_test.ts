import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Huey, TaskException, TaskLockedException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

onEveryStorage("a lock has one holder, over all processes, until it is released", async ({ huey, another }) => {
  const [mine, theirs] = [huey.lockTask("reports"), another().lockTask("reports")];
  await mine.acquire();
  const error = await assertRejects(() => theirs.acquire(), TaskLockedException, '"reports"');
  assertEquals(error.name, "TaskLockedException");
  assertEquals([await huey.isLocked("reports"), await huey.isLocked("other")], [true, false]);
  assertEquals([await mine.release(), await huey.isLocked("reports")], [true, false]);
  await theirs.acquire();
});

onEveryStorage("a lock is not had twice, not even by the same object", async ({ huey }) => {
  const lock = huey.lockTask("reports");
  await lock.acquire();
  await assertRejects(() => lock.acquire(), TaskLockedException);
  assertEquals(await lock.release(), true, "the first one still has it");
});

onEveryStorage("nobody can release what somebody else holds", async ({ huey, another }) => {
  const [mine, theirs] = [huey.lockTask("reports"), another().lockTask("reports")];
  await mine.acquire();
  assertEquals([await theirs.release(), await huey.isLocked("reports")], [false, true]);
});

onEveryStorage("who finishes late does not release the next holder's lock", async ({ huey, another, clock }) => {
  const late = huey.lockTask("reports", { ttl: "10s" });
  await late.acquire();
  // Its process is suspended: the storage's time goes on, and nobody renews.
  await huey.core.storage.delete("locks", "reports", { now: clock.now() });
  const next = another().lockTask("reports");
  await next.acquire();
  assertEquals([await late.release(), await huey.isLocked("reports")], [false, true]);
  assertEquals(await next.release(), true);
  await clock.advance("1m");
});

onEveryStorage("a lock is renewed for as long as it is held", async ({ huey, clock }) => {
  const lock = huey.lockTask("reports", { ttl: "10s" });
  await lock.acquire();
  for (let i = 0; i < 10; i++) await clock.advance("5s");
  assertEquals([await huey.isLocked("reports"), await lock.release()], [true, true]);
});

onEveryStorage("the lock of a holder that died ends after its ttl", async ({ huey, clock }) => {
  const token = "~dead";
  await huey.core.storage.put("locks", "reports", token, { ttl: 60_000, now: clock.now() });
  await assertRejects(() => huey.lockTask("reports").acquire(), TaskLockedException);
  await clock.advance("61s");
  await huey.lockTask("reports").acquire();
});

onEveryStorage("with wait a lock is waited for, and no longer than that", async ({ huey, another, clock }) => {
  const mine = huey.lockTask("reports");
  await mine.acquire();
  const patient = another().lockTask("reports", { wait: "30s" });
  const waiting = patient.acquire();
  await clock.advance("5s");
  await mine.release();
  await asTimePasses(clock, waiting);
  const impatient = huey.lockTask("reports", { wait: "3s" });
  const since = clock.now();
  await asTimePasses(clock, assertRejects(() => impatient.acquire(), TaskLockedException));
  assertEquals(clock.now() - since >= 3_000, true);
});

onEveryStorage("run has the lock while the function runs, also when that fails", async ({ huey }) => {
  const lock = huey.lockTask("reports");
  assertEquals(await lock.run(async () => await huey.isLocked("reports")), true);
  await assertRejects(
    () =>
      lock.run(() => {
        throw new Error("no");
      }),
    Error,
    "no",
  );
  assertEquals(await huey.isLocked("reports"), false);
});

onEveryStorage("one object can be used by many at once, and one of them has the lock", async ({ huey }) => {
  const lock = huey.lockTask("reports");
  let release!: () => void;
  const first = lock.run(() => new Promise<void>((resolve) => release = resolve));
  await eventually(() => release);
  await assertRejects(() => lock.run(() => {}), TaskLockedException);
  release();
  await first;
  assertEquals(await lock.run(() => "free"), "free");
});

onEveryStorage("wrap gives a function that has the lock each time it is called", async ({ huey }) => {
  const guarded = huey.lockTask("reports").wrap(async (n: number) => [n, await huey.isLocked("reports")]);
  assertEquals([await guarded(1), await guarded(2), await huey.isLocked("reports")], [[1, true], [2, true], false]);
});

onEveryStorage("await using gives the lock back at the end of its scope", async ({ huey }) => {
  const held = await huey.lockTask("reports").acquire();
  assertEquals(await huey.isLocked("reports"), true);
  // What the end of the scope does; not every runtime here reads the syntax.
  await held[Symbol.asyncDispose]();
  assertEquals(await huey.isLocked("reports"), false);
});

onEveryStorage("a task that meets a lock fails as locked, and is retried if it may be", async ({ huey, clock }) => {
  const lock = huey.lockTask("reports");
  const work = huey.task("work", { retries: 1, retryDelay: "1m" }, lock.wrap(() => "done"));
  const final = huey.task("final", lock.wrap(() => "done"));
  const signals = recordSignals(huey);
  await lock.acquire();
  const [result, failed] = [await work(), await final()];
  await huey.drain({ concurrency: 1 });
  await assertRejects(() => failed.get(), TaskException, "TaskLockedException");
  await lock.release();
  await clock.advance("1m");
  await huey.drain();
  assertEquals(await result.get(), "done");
  assertEquals(signals.filter((signal) => signal !== "enqueued"), [
    ...["executing", "locked", "retrying", "scheduled"],
    ...["executing", "locked"],
    ...["executing", "complete"],
  ]);
});

onEveryStorage("flushLocks ends the locks that are named, and tells which were held", async ({ huey }) => {
  for (const name of ["a", "b", "c"]) await huey.lockTask(name).acquire();
  assertEquals(await huey.flushLocks("a", "b", "nobody"), ["a", "b"]);
  assertEquals([await huey.isLocked("a"), await huey.isLocked("c")], [false, true]);
});

onEveryStorage("flushLocks without a name ends all of them", async ({ huey }) => {
  for (const name of ["a", "b"]) await huey.lockTask(name).acquire();
  await huey.flushLocks();
  assertEquals([await huey.isLocked("a"), await huey.isLocked("b")], [false, false]);
});

onEveryStorage("locks are apart from results, keys and revocations", async ({ huey }) => {
  const work = huey.task("work", () => "done");
  const result = await work();
  await huey.lockTask(result.id).acquire();
  await huey.put(result.id, "mine");
  await huey.drain();
  assertEquals([await result.get(), await huey.get(result.id), (await huey.counts()).results], ["done", "mine", 1]);
});

// ---- the lock of a task's options

onEveryStorage(
  "of tasks with one lock one runs at a time, in spite of many workers",
  async ({ huey, clock, consume }) => {
    let running = 0;
    let most = 0;
    const work = huey.task("work", { lock: "shared" }, async () => {
      most = Math.max(most, ++running);
      await clock.sleep(100);
      running--;
    });
    const results = await work.map([[], [], [], []]);
    await consume({ workers: 4 });
    await asTimePasses(clock, results.get({ blocking: true }));
    assertEquals([most, await huey.isLocked("shared")], [1, false]);
  },
);

onEveryStorage("the lock may be named by the arguments, and other names do not wait", async ({ huey, clock }) => {
  const running = new Set<string>();
  const seen: string[][] = [];
  // Either task of the one user may be the first to get their lock.
  const areTogether = (): boolean =>
    seen.some((together) => together.includes("b1") && together.some((one) => one.startsWith("a")));
  const work = huey.task("work", { lock: (user) => `user-${user}` }, async (user: string, n: number) => {
    running.add(`${user}${n}`);
    seen.push([...running].sort());
    do await clock.sleep(1_000); while (!areTogether());
    running.delete(`${user}${n}`);
  });
  await work.map([["a", 1], ["a", 2], ["b", 1]]);
  const drain = huey.drain({ concurrency: 3 });
  await asTimePasses(clock, drain);
  await asTimePasses(clock, huey.drain());
  assertEquals(areTogether(), true);
  assertEquals(seen.some((together) => together.includes("a1") && together.includes("a2")), false);
});

onEveryStorage("to wait for a lock costs no worker, no retry, and is told once", async ({ huey, clock }) => {
  const attempts: number[] = [];
  const work = huey.task("work", { lock: "shared", context: true }, ({ attempt, deliveries }) => {
    attempts.push(attempt, deliveries);
  });
  const signals = recordSignals(huey);
  await huey.lockTask("shared", { ttl: "1h" }).acquire();
  const result = await work();
  for (let i = 0; i < 5; i++) {
    const { executed } = await huey.drain();
    assertEquals(executed, 0);
    await clock.advance("1s");
  }
  assertEquals([await result.status(), signals], ["scheduled", ["enqueued", "locked"]]);
  await huey.flushLocks("shared");
  await clock.advance("1s");
  await huey.drain();
  assertEquals([attempts, signals], [[1, 1], ["enqueued", "locked", "executing", "complete"]]);
});

onEveryStorage("a task's lock is free after a failure, a retry's wait, a revocation and a timeout", async (bench) => {
  const { huey, clock } = bench;
  const fail = huey.task("fail", { lock: "shared", retries: 1, retryDelay: "1h" }, () => {
    throw new Error("no");
  });
  const hang = huey.task("hang", { lock: "shared", timeout: "1s" }, () => new Promise<void>(() => {}));
  await fail();
  await huey.drain();
  assertEquals(await huey.isLocked("shared"), false);
  await hang();
  await asTimePasses(clock, huey.drain());
  assertEquals(await huey.isLocked("shared"), false);
});

onEveryStorage("the lock of a task whose worker died is free when its lease has lapsed", async ({ huey, clock }) => {
  const work = huey.task("work", { lock: "shared" }, () => "done");
  const result = await work();
  // What a worker that dies leaves behind: a lease, and a lock for as long.
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await huey.core.storage.put("locks", "shared", "~dead", { ttl: 10_000, now: clock.now() });
  await clock.advance("11s");
  await huey.drain();
  assertEquals(await result.get(), "done");
});

onEveryStorage("the lock of a long task is kept for as long as it runs", async ({ huey, clock }) => {
  const work = huey.task("work", { lock: "shared" }, () => clock.sleep(60_000));
  await work();
  const drain = huey.drain({ budget: "2m" });
  await eventually(() => huey.isLocked("shared"));
  for (let i = 0; i < 10; i++) {
    await clock.advance("5s");
    assertEquals(await huey.isLocked("shared"), true);
  }
  await asTimePasses(clock, drain);
  assertEquals(await huey.isLocked("shared"), false);
});

onEveryStorage("a task that expires while it waits for a lock has expired", async ({ huey, clock }) => {
  const work = huey.task("work", { lock: "shared", expires: "1m" }, () => {});
  await huey.lockTask("shared", { ttl: "1h" }).acquire();
  const result = await work();
  await huey.drain();
  await clock.advance("2m");
  await huey.drain();
  assertEquals(await result.status(), "expired");
});

onEveryStorage(
  "a function for the lock's name that throws, or gives no text, fails its task only",
  async ({ huey }) => {
    const broken = huey.task("broken", {
      lock: () => {
        throw new Error("no name");
      },
    }, () => {});
    const odd = huey.task("odd", { lock: (() => 5) as never }, () => {});
    const [first, second] = [await broken(), await odd()];
    const good = await huey.task("good", () => "done")();
    const report = await huey.drain();
    await assertRejects(() => first.get(), TaskException, "no name");
    await assertRejects(() => second.get(), TaskException, "'lock'");
    assertEquals([await good.get(), report.failed], ["done", 2]);
  },
);

test("nonsense for a lock is refused", () => {
  const huey = new Huey("tests");
  assertThrows(() => huey.lockTask(""), TypeError, "name");
  assertThrows(() => huey.lockTask(5 as never), TypeError, "name");
  assertThrows(() => huey.lockTask("a", { ttl: 0 }), RangeError, "'ttl'");
  assertThrows(() => huey.lockTask("a", { ttl: "5 min" as never }), TypeError, "'ttl'");
  assertThrows(() => huey.lockTask("a", { wait: -1 }), RangeError, "'wait'");
  assertThrows(() => huey.task("work", { lock: 5 as never }, () => {}), TypeError, "'lock'");
});

test("to release what was never acquired is nothing", async () => {
  assertEquals(await new Huey("tests").lockTask("a").release(), false);
});
