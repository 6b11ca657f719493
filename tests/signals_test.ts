import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelExecution, type Huey, RetryTask, type Signal, TaskLockedException, TaskTimeout } from "@hq/huey";
import { RateLimitExceeded } from "@hq/huey";
import type { TestClock } from "@hq/huey/testing";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

function fail(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** What happens, and the signals of it in their order. */
const FLOWS: [flow: string, signals: Signal[], run: (huey: Huey, clock: TestClock) => Promise<unknown>][] = [
  [
    "success",
    ["enqueued", "executing", "complete"],
    (huey) => huey.task("work", () => {})(),
  ],
  [
    "failure without retries",
    ["enqueued", "executing", "error"],
    (huey) => huey.task("work", fail(new Error("no")))(),
  ],
  [
    "failure with a retry at once",
    ["enqueued", "executing", "error", "retrying", "enqueued", "executing", "error"],
    (huey) => huey.task("work", { retries: 1 }, fail(new Error("no")))(),
  ],
  [
    "failure with a retry later",
    ["enqueued", "executing", "error", "retrying", "scheduled", "executing", "error"],
    async (huey, clock) => {
      await huey.task("work", { retries: 1, retryDelay: "1m" }, fail(new Error("no")))();
      await huey.drain();
      await clock.advance("1m");
    },
  ],
  [
    "a task with a delay",
    ["enqueued", "scheduled", "executing", "complete"],
    async (huey, clock) => {
      await huey.task("work", () => {}).schedule([], { delay: "1m" });
      await clock.advance("1m");
    },
  ],
  [
    "a task with an eta in the past",
    ["enqueued", "executing", "complete"],
    (huey, clock) => huey.task("work", () => {}).schedule([], { eta: clock.now() - 1_000 }),
  ],
  [
    "a revoked task",
    ["enqueued", "revoked"],
    async (huey) => (await huey.task("work", () => {})()).revoke(),
  ],
  [
    "an expired task",
    ["enqueued", "expired"],
    async (huey, clock) => {
      await huey.task("work", { expires: 1 }, () => {})();
      await clock.advance("2s");
    },
  ],
  [
    "a task that meets a lock",
    ["enqueued", "executing", "locked"],
    (huey) => huey.task("work", fail(new TaskLockedException("held")))(),
  ],
  [
    "a task that meets a rate limit and is retried",
    ["enqueued", "executing", "rate-limited", "retrying", "scheduled"],
    (huey) => huey.task("work", { retries: 1, retryDelay: "1h" }, fail(new RateLimitExceeded("used up")))(),
  ],
  [
    "a task that asks for a retry at once",
    ["enqueued", "executing", "retrying", "enqueued", "executing", "complete"],
    (huey) =>
      huey.task("work", { context: true }, ({ attempt }) => {
        if (attempt === 1) throw new RetryTask();
      })(),
  ],
  [
    "a task that asks for a retry later",
    ["enqueued", "executing", "retrying", "scheduled"],
    (huey) => huey.task("work", fail(new RetryTask({ delay: "1h" })))(),
  ],
  [
    "a task that cancels itself",
    ["enqueued", "executing", "canceled"],
    (huey) => huey.task("work", fail(new CancelExecution()))(),
  ],
  [
    "a task that cancels itself and is retried",
    ["enqueued", "executing", "canceled", "retrying", "enqueued", "executing", "canceled"],
    (huey) => huey.task("work", { retries: 1 }, fail(new CancelExecution()))(),
  ],
  [
    "a task that a hook cancels",
    ["enqueued", "executing", "canceled"],
    (huey) => {
      huey.preExecute(fail(new CancelExecution()));
      return huey.task("work", () => {})();
    },
  ],
  [
    "a dead letter",
    ["enqueued", "executing", "dead"],
    (huey) => huey.task("work", () => () => {})(),
  ],
];

for (const [flow, expected, run] of FLOWS) {
  onEveryStorage(`the signals of ${flow} are ${expected.join(", ")}`, async ({ huey, clock }) => {
    const signals = recordSignals(huey);
    await run(huey, clock);
    await huey.drain();
    assertEquals(signals, expected);
  });
}

onEveryStorage("the signals of a timeout are those of a failure, by another name", async ({ huey, clock }) => {
  const signals = recordSignals(huey);
  let error: unknown;
  huey.signal("timeout", (_signal, _task, thrown) => {
    error = thrown;
  });
  await huey.task("hang", { timeout: "1s", retries: 1, retryDelay: "1h" }, () => new Promise(() => {}))();
  await asTimePasses(clock, huey.drain());
  assertEquals(signals, ["enqueued", "executing", "timeout", "retrying", "scheduled"]);
  assertInstanceOf(error, TaskTimeout);
});

onEveryStorage("a handler gets the signal, the task and, of a failure, the error", async ({ huey }) => {
  const seen: unknown[][] = [];
  huey.signal((...all) => {
    seen.push(all);
  });
  const error = new Error("no");
  const result = await huey.task("fail", fail(error))();
  await huey.drain();
  assertEquals(seen.map(([signal, task]) => [signal, (task as { id: string; name: string }).id]), [
    ["enqueued", result.id],
    ["executing", result.id],
    ["error", result.id],
  ]);
  assertEquals(seen.map(([, , thrown]) => thrown), [undefined, undefined, error]);
  assertStrictEquals(seen[2][2], error);
});

onEveryStorage("enqueued is sent where the task is enqueued, the rest where it runs", async ({ huey, another }) => {
  const worker = another();
  worker.task("work", () => {});
  const here = recordSignals(huey);
  const there = recordSignals(worker);
  await huey.task("work", () => {})();
  await worker.drain();
  assertEquals([here, there], [["enqueued"], ["executing", "complete"]]);
});

onEveryStorage("when complete is sent the result can be read", async ({ huey }) => {
  const read: unknown[] = [];
  huey.signal("complete", async (_signal, task) => {
    read.push(await huey.result(task.id).get());
  });
  await huey.task("work", () => "done")();
  await huey.drain();
  await eventually(() => read.length === 1);
  assertEquals(read, ["done"]);
});

onEveryStorage("handlers can ask for one signal, for several, or for all", async ({ huey }) => {
  const seen: string[] = [];
  const note = (who: string) => (signal: Signal) => {
    seen.push(`${who} ${signal}`);
  };
  huey.signal(note("all"));
  huey.signal(["executing", "complete"], note("two"));
  huey.signal("complete", note("one"));
  await huey.task("work", () => {})();
  await huey.drain();
  assertEquals(seen, [
    "all enqueued",
    "two executing",
    "all executing",
    "two complete",
    "one complete",
    "all complete",
  ]);
});

onEveryStorage("a handler that was disconnected hears nothing more, and the others still do", async ({ huey }) => {
  const seen: string[] = [];
  const handler = (signal: Signal): void => {
    seen.push(signal);
  };
  const disconnect = huey.signal(handler);
  huey.signal("complete", handler);
  disconnect();
  disconnect();
  await huey.task("work", () => {})();
  await huey.drain();
  assertEquals(seen, ["complete"]);
});

onEveryStorage("a handler that throws, rejects or takes its time stops nobody", async ({ huey }) => {
  huey.signal(fail(new Error("broken")));
  huey.signal(() => Promise.reject(new Error("broken later")));
  huey.signal(() => new Promise(() => {}));
  const signals = recordSignals(huey);
  const result = await huey.task("work", () => "done")();
  await huey.drain();
  assertEquals([await result.get(), signals], ["done", ["enqueued", "executing", "complete"]]);
});

onEveryStorage("a task that is there already sends nothing", async ({ huey }) => {
  const signals = recordSignals(huey);
  const work = huey.task("work", () => {});
  await work.schedule([], { id: "same" });
  await work.schedule([], { id: "same" });
  assertEquals(signals, ["enqueued"]);
});

onEveryStorage("a signal that does not exist is refused by name", async ({ huey }) => {
  assertThrows(() => huey.signal("completed" as never, () => {}), TypeError, '"completed"');
  assertThrows(() => huey.signal(["error", "oops"] as never, () => {}), TypeError, '"oops"');
  assertThrows(() => huey.signal("error", undefined as never), TypeError);
  await Promise.resolve();
});
