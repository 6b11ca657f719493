import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Huey, RateLimitExceeded, TaskException } from "@hq/huey";
import { type Bench, onEveryStorage } from "./bench.ts";
import { asTimePasses } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

/** Lets time pass, a tenth of a second at a time, and drains. */
async function pass({ huey, clock }: Bench, seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 10; i++) {
    await clock.advance("100ms");
    await huey.drain();
  }
}

/** The most starts in any stretch of `per` milliseconds. */
function most(starts: number[], per: number): number {
  return Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + per).length));
}

// ---- around a function

onEveryStorage("a rate limit lets so many through, the first ones at once, over all processes", async (bench) => {
  const { huey, another, clock } = bench;
  const [mine, theirs] = [huey, another()].map((one) => one.rateLimit("api", { limit: 3, per: "10s" }));
  await mine.acquire();
  await theirs.acquire();
  await mine.acquire();
  const error = await assertRejects(() => theirs.acquire(), RateLimitExceeded, '"api"');
  assertEquals([error.delay, error.retry], [10_000, true]);
  await clock.advance("10s");
  for (let i = 0; i < 3; i++) await mine.acquire();
  await assertRejects(() => mine.acquire(), RateLimitExceeded);
});

onEveryStorage("the window slides: no stretch of time sees more than the limit", async ({ huey, clock }) => {
  const limit = huey.rateLimit("api", { limit: 2, per: "10s" });
  const starts: number[] = [];
  for (let i = 0; i < 60; i++) {
    await limit.acquire().then(() => starts.push(clock.now()), () => {});
    await clock.advance("700ms");
  }
  assertEquals([most(starts, 10_000), starts.length >= 8], [2, true]);
});

onEveryStorage("a refusal does not count, and says when there is a place", async ({ huey, clock }) => {
  const limit = huey.rateLimit("api", { limit: 1, per: "10s" });
  await limit.acquire();
  for (let i = 0; i < 5; i++) {
    const error = await assertRejects(() => limit.acquire(), RateLimitExceeded);
    assertEquals(error.delay, 10_000 - i * 1_000);
    await clock.advance("1s");
  }
  await clock.advance("5s");
  await limit.acquire();
});

onEveryStorage("names have limits of their own, and instances do", async ({ huey }) => {
  for (const name of ["a", "b"]) await huey.rateLimit(name, { limit: 1, per: "10s" }).acquire();
  await assertRejects(() => huey.rateLimit("a", { limit: 1, per: "10s" }).acquire(), RateLimitExceeded);
});

onEveryStorage("flushing the locks resets rate limits, too", async ({ huey }) => {
  const limit = huey.rateLimit("api", { limit: 1, per: "1h" });
  await limit.acquire();
  await huey.flush("locks");
  await limit.acquire();
});

onEveryStorage("wrap counts each call, and gives its value", async ({ huey }) => {
  const call = huey.rateLimit("api", { limit: 2, per: "10s" }).wrap((n: number) => n + 1);
  assertEquals([await call(1), await call(2)], [2, 3]);
  await assertRejects(() => call(3), RateLimitExceeded);
});

onEveryStorage("a task that meets a limit runs again when there is a place, and it costs no retry", async (bench) => {
  const { huey, clock } = bench;
  const attempts: unknown[] = [];
  const limit = huey.rateLimit("api", { limit: 1, per: "10s" });
  const work = huey.task("work", { context: true, retries: 1 }, async ({ attempt, retries }) => {
    await limit.acquire();
    attempts.push([attempt, retries]);
  });
  const signals = recordSignals(huey);
  await work();
  await work();
  await huey.drain({ concurrency: 1 });
  assertEquals(attempts, [[1, 1]]);
  await clock.advance("10s");
  await huey.drain();
  assertEquals(attempts, [[1, 1], [2, 1]]);
  assertEquals(signals.slice(4), ["executing", "rate-limited", "retrying", "scheduled", "executing", "complete"]);
});

onEveryStorage("with retry: false a task that meets a limit has failed as any other", async ({ huey, clock }) => {
  const limit = huey.rateLimit("api", { limit: 1, per: "10s", retry: false });
  await limit.acquire();
  const final = huey.task("final", limit.wrap(() => "done"));
  const retried = huey.task("retried", { retries: 1, retryDelay: "30s" }, limit.wrap(() => "done"));
  const [first, second] = [await final(), await retried()];
  await huey.drain();
  await assertRejects(() => first.get(), TaskException, "RateLimitExceeded");
  await clock.advance("30s");
  await huey.drain();
  assertEquals(await second.get(), "done");
});

onEveryStorage("a longer delay of the task's own is kept, and a shorter one is not", async ({ huey, clock }) => {
  const limit = huey.rateLimit("api", { limit: 2, per: "10s" });
  const long = huey.task("long", { retries: 1, retryDelay: "1m" }, limit.wrap(() => "done"));
  const short = huey.task("short", { retries: 1, retryDelay: "1s" }, limit.wrap(() => "done"));
  await limit.acquire();
  await limit.acquire();
  await long();
  await short();
  await huey.drain();
  const etas = (await huey.scheduled()).map(({ name, eta }) => [name, eta! - clock.now()]);
  assertEquals(etas, [["short", 10_000], ["long", 60_000]]);
});

// ---- in a task's options

onEveryStorage("a task's rate limit is kept to, and spreads those who wait", async (bench) => {
  const { huey, clock } = bench;
  const starts: number[] = [];
  const work = huey.task("work", { rateLimit: { limit: 2, per: "1s" } }, () => void starts.push(clock.now()));
  const results = await work.map(Array.from({ length: 7 }, () => []));
  await huey.drain();
  assertEquals(starts.length, 2);
  await pass(bench, 4);
  assertEquals([starts.length, most(starts, 1_000)], [7, 2]);
  await results.get({ blocking: true });
});

onEveryStorage("each key has a limit of its own", async ({ huey }) => {
  const runs: string[] = [];
  const work = huey.task(
    "work",
    { rateLimit: { limit: 1, per: "1h", key: (user) => user } },
    (user: string) => void runs.push(user),
  );
  await work.map([["a"], ["a"], ["b"]]);
  await huey.drain();
  assertEquals(runs.sort(), ["a", "b"]);
});

onEveryStorage("a task that waits for its limit costs no worker and no retry, and is told once", async (bench) => {
  const { huey } = bench;
  const seen: unknown[] = [];
  const work = huey.task("work", { rateLimit: { limit: 1, per: "1s" }, context: true, retries: 2 }, (context) => {
    seen.push([context.attempt, context.retries, context.deliveries]);
  });
  const signals = recordSignals(huey);
  await work.map([[], []]);
  await huey.drain({ concurrency: 1 });
  await pass(bench, 2);
  assertEquals(seen, [[1, 2, 1], [1, 2, 1]]);
  assertEquals(signals, [
    ...["enqueued", "enqueued", "executing", "complete"],
    ...["rate-limited", "executing", "complete"],
  ]);
});

onEveryStorage("two processes keep to one limit", async ({ huey, another, clock }) => {
  const starts: number[] = [];
  const define = (one: Huey) => {
    return one.task("work", { rateLimit: { limit: 2, per: "1s" } }, () => void starts.push(clock.now()));
  };
  const other = another();
  define(other);
  await define(huey).map(Array.from({ length: 6 }, () => []));
  for (let i = 0; i < 40; i++) {
    await Promise.all([huey.drain(), other.drain()]);
    await clock.advance("100ms");
  }
  assertEquals([starts.length, most(starts, 1_000)], [6, 2]);
});

onEveryStorage("a retry counts as a start", async (bench) => {
  const { huey, clock } = bench;
  const starts: number[] = [];
  const work = huey.task("work", { rateLimit: { limit: 1, per: "1s" }, retries: 2 }, () => {
    starts.push(clock.now());
    throw new Error("no");
  });
  await work();
  await huey.drain();
  await pass(bench, 3);
  assertEquals([starts.length, most(starts, 1_000)], [3, 1]);
});

onEveryStorage(
  "at most so many of a task run at a time, over all processes",
  async ({ huey, another, clock, consume }) => {
    let running = 0;
    let top = 0;
    const define = (one: Huey) => {
      return one.task("work", { concurrency: { limit: 2 } }, async () => {
        top = Math.max(top, ++running);
        await clock.sleep(300);
        running--;
      });
    };
    const other = another();
    define(other);
    const results = await define(huey).map(Array.from({ length: 6 }, () => []));
    await consume({ workers: 3 });
    await consume({ workers: 3 }, other);
    await asTimePasses(clock, results.get({ blocking: true }));
    assertEquals(top, 2);
  },
);

onEveryStorage("each key has places of its own", async ({ huey, clock }) => {
  const started: string[] = [];
  const work = huey.task("work", { concurrency: { limit: 1, key: (user) => user } }, async (user: string) => {
    started.push(user);
    await clock.sleep(100);
  });
  await work.map([["a"], ["a"], ["b"]]);
  await asTimePasses(clock, huey.drain({ concurrency: 3 }));
  assertEquals(started.sort(), ["a", "b"]);
  await asTimePasses(clock, huey.drain());
  assertEquals(started.sort(), ["a", "a", "b"]);
});

onEveryStorage("the place of a worker that died is free when its lease has lapsed", async ({ huey, clock }) => {
  const work = huey.task("work", { concurrency: { limit: 1 } }, () => "done");
  await huey.core.storage.put("limits", "busy:work::0", "~dead", { ttl: 10_000, now: clock.now() });
  const result = await work();
  await huey.drain();
  assertEquals(await result.status(), "scheduled");
  await clock.advance("11s");
  await huey.drain();
  assertEquals(await result.get(), "done");
});

onEveryStorage("lock, concurrency and rate limit can be had together, and nothing is held in vain", async (bench) => {
  const { huey, clock } = bench;
  const work = huey.task("work", {
    lock: "one",
    concurrency: { limit: 2 },
    rateLimit: { limit: 1, per: "1m" },
  }, () => "done");
  const [first, second] = [...await work.map([[], []])];
  await huey.drain({ concurrency: 1 });
  assertEquals([await first.get(), await second.status(), await huey.isLocked("one")], ["done", "scheduled", false]);
  await clock.advance("1m");
  await huey.drain();
  assertEquals(await second.get(), "done");
});

onEveryStorage("a task that waits for its limit can be cancelled and revoked", async ({ huey, clock }) => {
  const work = huey.task("work", { rateLimit: { limit: 1, per: "1m" } }, () => "done");
  const [, second, third] = [...await work.map([[], [], []])];
  await huey.drain({ concurrency: 1 });
  assertEquals(await huey.cancel(second.id), true);
  await third.revoke();
  await clock.advance("3m");
  await huey.drain();
  assertEquals([await second.status(), await third.status()], ["canceled", "revoked"]);
});

onEveryStorage("a key function that throws fails its task only, and is retried as a failure", async ({ huey }) => {
  let calls = 0;
  const work = huey.task("work", {
    retries: 1,
    concurrency: {
      limit: 1,
      key: () => {
        calls++;
        throw new Error("no key");
      },
    },
  }, () => {});
  const result = await work();
  const report = await huey.drain();
  await assertRejects(() => result.get(), TaskException, "no key");
  assertEquals([calls, report.failed, report.retried], [2, 1, 1]);
});

test("nonsense for a limit is refused", () => {
  const huey = new Huey("tests");
  assertThrows(() => huey.rateLimit("", { limit: 1, per: 1 }), TypeError, "name");
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => huey.rateLimit("a", { limit, per: 1 }), RangeError);
    assertThrows(() => huey.task("work", { concurrency: { limit } }, () => {}), RangeError);
    assertThrows(() => huey.task("work", { rateLimit: { limit, per: 1 } }, () => {}), RangeError);
  }
  assertThrows(() => huey.rateLimit("a", { limit: 1, per: 0 }), RangeError, "'per'");
  assertThrows(() => huey.rateLimit("a", { limit: "1" as never, per: 1 }), TypeError);
  assertThrows(() => huey.task("work", { rateLimit: { limit: 1, per: 1, keys: 5 } as never }, () => {}), Error, "keys");
  assertThrows(() => huey.task("work", { concurrency: { limit: 1, key: "a" as never } }, () => {}), TypeError);
});

test("a limit of a task's own is thrown as one", () => {
  const error = new RateLimitExceeded("mine", { delay: 500 });
  assert(error.retry && error.delay === 500);
});

onEveryStorage(
  "whose clock is behind waits no longer than a stretch of the limit",
  async ({ huey, another, clock }) => {
    const behind = {
      now: () => clock.now() - 600_000,
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    };
    const limit = { limit: 1, per: "3s" } as const;
    await huey.rateLimit("calls", limit).acquire();
    const late = another({ clock: behind }).rateLimit("calls", limit);
    const error = await assertRejects(() => late.acquire(), RateLimitExceeded);
    assertEquals(error.delay, 3_000);
  },
);
