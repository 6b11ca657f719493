import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { CancelExecution, ConfigurationError, RetryTask } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

const NOTHING = {
  periodic: 0,
  promoted: 0,
  recovered: 0,
  executed: 0,
  failed: 0,
  retried: 0,
  released: 0,
  remaining: 0,
  requests: 1,
  stoppedBy: "empty" as const,
};

onEveryStorage("a drain that finds nothing costs one request", async ({ huey }) => {
  huey.task("work", () => {});
  await huey.drain(); // a server that does not know the script yet is sent it in a second request
  assertEquals(await huey.drain(), NOTHING);
});

onEveryStorage("a drain that finds nothing due costs one request, with periodic tasks too", async ({ huey, clock }) => {
  huey.periodicTask("tick", { next: (after) => after < 0 ? undefined : after + 86_400_000 }, () => {});
  await huey.task("work", () => {}).schedule([], { delay: "1h" });
  await clock.advance("1m");
  assertEquals(await huey.drain(), NOTHING);
});

onEveryStorage("a drain tells what it did", async ({ huey, another, clock }) => {
  const work = huey.task("work", () => {});
  await work.schedule([], { delay: "1m" });
  await work();
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 1_000 } });
  await clock.advance("1m");
  await huey.task("fail", { retries: 1 }, () => {
    throw new Error("no");
  })();
  await huey.task("later", { context: true }, ({ attempt }) => {
    if (attempt === 1) throw new RetryTask({ delay: "1h" });
  })();
  await another().task("unknown", () => {})();
  await (await work()).revoke();
  const { requests, ...report } = await huey.drain();
  assertEquals(report, {
    periodic: 0,
    promoted: 1,
    recovered: 1,
    executed: 5,
    failed: 2,
    retried: 2,
    released: 0,
    remaining: 0,
    stoppedBy: "empty",
  });
  assert(requests > 0);
});

onEveryStorage("a drain runs what its tasks enqueue", async ({ huey }) => {
  const seen: number[] = [];
  const count = huey.task("count", async (n: number) => {
    seen.push(n);
    if (n > 0) await count(n - 1);
  });
  await count(5);
  const { executed, stoppedBy } = await huey.drain();
  assertEquals([seen, executed, stoppedBy], [[5, 4, 3, 2, 1, 0], 6, "empty"]);
});

onEveryStorage("a drain begins no more than maxTasks, and counts what is left", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  await work.map(Array.from({ length: 10 }, () => []));
  const { executed, remaining, released, stoppedBy } = await huey.drain({ maxTasks: 4 });
  assertEquals({ runs, executed, remaining, released, stoppedBy }, {
    runs: 4,
    executed: 4,
    remaining: 6,
    released: 0,
    stoppedBy: "tasks",
  });
  assertEquals((await huey.drain()).stoppedBy, "empty");
  assertEquals(runs, 10);
});

onEveryStorage("a drain begins a hundred tasks at most if nothing is said", async ({ huey }) => {
  const work = huey.task("work", () => {});
  await work.map(Array.from({ length: 120 }, () => []));
  const { executed, remaining, stoppedBy } = await huey.drain();
  assertEquals([executed, remaining, stoppedBy], [100, 20, "tasks"]);
});

onEveryStorage("a drain runs as many tasks at once as concurrency says, ten if nothing", async ({ huey }) => {
  let now = 0;
  let most = 0;
  const work = huey.task("work", async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve));
    now--;
  });
  for (const [concurrency, expected] of [[1, 1], [3, 3], [undefined, 10]] as const) {
    most = 0;
    await work.map(Array.from({ length: 30 }, () => []));
    await huey.drain({ concurrency });
    assertEquals(most, expected);
  }
});

onEveryStorage("when the budget is used up what runs is aborted and given back", async ({ huey, clock }) => {
  const seen: number[][] = [];
  const aborted: boolean[] = [];
  const work = huey.task("work", { context: true, retries: 2 }, async (context) => {
    seen.push([context.attempt, context.deliveries, context.retries]);
    await clock.sleep(seen.length === 1 ? 60_000 : 1_000, context.signal).catch(() => {});
    aborted.push(context.signal.aborted);
  });
  const result = await work();
  const signals = recordSignals(huey);
  const { requests: _, ...report } = await asTimePasses(clock, huey.drain({ budget: "10s" }));
  assertEquals(report, {
    ...report,
    executed: 1,
    failed: 0,
    retried: 0,
    released: 1,
    remaining: 1,
    stoppedBy: "budget",
  });
  assertEquals([signals, aborted, await result.status()], [["executing", "interrupted"], [true], "queued"]);
  await asTimePasses(clock, huey.drain());
  assertEquals([seen, await result.status()], [[[1, 1, 2], [1, 1, 2]], "complete"]);
});

onEveryStorage("what was given back keeps its place in the queue", async ({ huey, clock }) => {
  const seen: string[] = [];
  const work = huey.task("work", async (name: string) => {
    seen.push(name);
    if (seen.length === 1) await clock.sleep(60_000);
  });
  await work.map([["a"], ["b"]]);
  const draining = huey.drain({ concurrency: 1 });
  await eventually(() => seen.length === 1);
  await asTimePasses(clock, draining);
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, ["a", "a", "b"]);
});

onEveryStorage("a drain does not begin what its timeout would take past the budget", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", { timeout: "30s" }, () => {
    runs++;
  });
  const result = await work();
  const signals = recordSignals(huey);
  const { executed, released, remaining, stoppedBy } = await huey.drain({ budget: "25s" });
  assertEquals({ runs, signals, executed, released, remaining, stoppedBy }, {
    runs: 0,
    signals: [],
    executed: 0,
    released: 1,
    remaining: 1,
    stoppedBy: "budget",
  });
  await huey.drain({ budget: "31s" });
  assertEquals([runs, await result.status()], [1, "complete"]);
});

onEveryStorage("a task that never fits into the budget does not keep the others from running", async ({ huey }) => {
  const long = huey.task("long", { timeout: "1h" }, () => {});
  const short = huey.task("short", { timeout: "1s" }, () => "done");
  await long.map([[], [], []]);
  const results = [...await short.map([[], [], []])];
  for (let i = 0; i < 3; i++) await huey.drain({ budget: "25s", concurrency: 2 });
  assertEquals(await Promise.all([...results].map((result) => result.get())), ["done", "done", "done"]);
  assertEquals((await huey.counts()).queued, 3);
});

onEveryStorage("a signal ends a drain, and what runs is given back", async ({ huey }) => {
  const controller = new AbortController();
  const started = Promise.withResolvers<AbortSignal>();
  const result = await huey.task("work", { context: true }, ({ signal }) => {
    started.resolve(signal);
    return new Promise<never>(() => {});
  })();
  const draining = huey.drain({ signal: controller.signal });
  const signal = await started.promise;
  controller.abort();
  const { executed, released, stoppedBy } = await draining;
  assertEquals([executed, released, stoppedBy, signal.aborted], [1, 1, "signal", true]);
  assertEquals(await result.status(), "queued");
});

onEveryStorage("a signal that is aborted already lets nothing begin", async ({ huey }) => {
  let runs = 0;
  await huey.task("work", () => {
    runs++;
  })();
  const { executed, remaining, stoppedBy } = await huey.drain({ signal: AbortSignal.abort() });
  assertEquals([runs, executed, remaining, stoppedBy], [0, 0, 1, "signal"]);
});

onEveryStorage("a drain sends no more requests than maxRequests", async ({ huey }) => {
  const work = huey.task("work", () => {});
  await work.map(Array.from({ length: 50 }, () => []));
  for (const maxRequests of [4, 5, 10]) {
    const before = huey.core.storage.requests;
    const { requests, stoppedBy, executed, remaining } = await huey.drain({ maxRequests, concurrency: 1 });
    assertLessOrEqual(requests, maxRequests);
    assertEquals([requests, stoppedBy], [huey.core.storage.requests - before, "requests"]);
    assert(executed > 0, "it got nothing done");
    assertEquals(remaining, (await huey.counts()).queued);
  }
});

onEveryStorage("a drain of a hundred quick tasks costs few requests", async ({ huey }) => {
  const work = huey.task("work", () => {});
  await work.map(Array.from({ length: 100 }, () => []));
  const { executed, requests } = await huey.drain();
  assertEquals(executed, 100);
  assertLessOrEqual(requests, 13);
});

onEveryStorage("a task that cancelled itself has not failed", async ({ huey }) => {
  await huey.task("work", () => {
    throw new CancelExecution();
  })();
  const { executed, failed } = await huey.drain();
  assertEquals([executed, failed], [1, 0]);
});

onEveryStorage("a drain of a storage that is down rejects", async ({ huey }) => {
  huey.core.storage.exchange = () => Promise.reject(new Error("unreachable"));
  await assertRejects(() => huey.drain(), Error, "unreachable");
});

onEveryStorage("two drains of one process at once run each task once", async ({ huey }) => {
  let runs = 0;
  const work = huey.task("work", async () => {
    runs++;
    await Promise.resolve();
  });
  await work.map(Array.from({ length: 60 }, () => []));
  const reports = await Promise.all([huey.drain(), huey.drain()]);
  assertEquals([runs, reports[0].executed + reports[1].executed], [60, 60]);
});

onEveryStorage("a drain beside a consumer runs each task once", async ({ huey, consume }) => {
  let runs = 0;
  const work = huey.task("work", () => {
    runs++;
  });
  await work.map(Array.from({ length: 60 }, () => []));
  await Promise.all([consume({ workers: 5 }), huey.drain()]);
  await eventually(async () => (await huey.counts()).results === 60);
  assertEquals(runs, 60);
});

onEveryStorage("nonsense for a drain is refused", async ({ huey }) => {
  const refusals: [
    options: object,
    error: typeof TypeError | typeof RangeError | typeof ConfigurationError,
    shown: string,
  ][] = [
    [{ maxTasks: 0 }, RangeError, "'maxTasks'"],
    [{ maxTasks: 1.5 }, RangeError, "'maxTasks'"],
    [{ budget: "5 min" }, TypeError, "'budget'"],
    [{ budget: -1 }, RangeError, "'budget'"],
    [{ maxRequests: 0 }, RangeError, "'maxRequests'"],
    [{ concurrency: 0 }, RangeError, "'concurrency'"],
    [{ max: 5 }, ConfigurationError, '"max"'],
    [{ periodic: false }, ConfigurationError, '"periodic"'],
  ];
  for (const [options, error, shown] of refusals) {
    await assertRejects(() => Promise.resolve().then(() => huey.drain(options)), error, shown);
  }
  assertThrows(() => huey.createConsumer({ budget: 1 } as never), ConfigurationError);
});
