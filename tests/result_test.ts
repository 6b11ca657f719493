import { assert, assertEquals, assertInstanceOf, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { CancelExecution, ResultTimeout, TaskCanceled, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

onEveryStorage("a task that returned undefined is finished", async ({ huey }) => {
  const result = await huey.task("work", () => {})();
  assertEquals([await result.isReady(), await result.status()], [false, "queued"]);
  await huey.drain();
  assertEquals([await result.isReady(), await result.status()], [true, "complete"]);
  assertEquals(await result.get({ blocking: true }), undefined);
});

onEveryStorage("calling the handle is reading it, and calling it with true waits", async ({ huey, clock, consume }) => {
  const result = await huey.task("add", (a: number, b: number) => a + b)(1, 2);
  assertEquals(await result(), undefined);
  const waiting = result(true);
  await consume();
  assertEquals([await asTimePasses(clock, waiting), await result(), await result.get({ blocking: true })], [3, 3, 3]);
});

onEveryStorage(
  "a blocking read ends when a task ends in another process",
  async ({ huey, another, clock, consume }) => {
    const result = await huey.task("add", (a: number, b: number) => a + b)(1, 2);
    const worker = another();
    worker.task("add", (a: number, b: number) => a + b);
    const reads = [result, another().result(result.id)].map((handle) => handle.get({ blocking: true }));
    await consume({}, worker);
    assertEquals(await asTimePasses(clock, Promise.all(reads)), [3, 3]);
  },
);

onEveryStorage(
  "a read that waits ends with ResultTimeout when its time is up, and not before",
  async ({ huey, clock }) => {
    const result = await huey.task("work", () => {})();
    let ended = false;
    const waiting = assertRejects(() => result.get({ blocking: true, timeout: "5s" }), ResultTimeout, result.id)
      .finally(() => ended = true);
    await clock.advance("4999ms");
    assertEquals(ended, false);
    await asTimePasses(clock, waiting);
    assertEquals([await result.isRevoked(), await result.status()], [false, "queued"]);
  },
);

onEveryStorage("a timeout of nothing looks once", async ({ huey }) => {
  const result = await huey.task("work", () => 1)();
  await assertRejects(() => result.get({ blocking: true, timeout: 0 }), ResultTimeout);
  await huey.drain();
  assertEquals(await result.get({ blocking: true, timeout: 0 }), 1);
});

onEveryStorage("a timeout that is none is refused", async ({ huey }) => {
  const result = huey.result("work");
  await assertRejects(() => result.get({ timeout: "5 min" as never }), TypeError, "'timeout'");
  await assertRejects(() => result.get({ timeout: -1 }), RangeError, "'timeout'");
});

onEveryStorage("a read that does not wait has no use for its timeout", async ({ huey }) => {
  const result = await huey.task("work", () => {})();
  assertEquals(await result.get({ timeout: 0 }), undefined);
});

onEveryStorage("with revokeOnTimeout a task that was waited for in vain does not run", async ({ huey }) => {
  let runs = 0;
  const result = await huey.task("work", () => {
    runs++;
  })();
  await assertRejects(() => result.get({ blocking: true, timeout: 0, revokeOnTimeout: true }), ResultTimeout);
  assert(await result.isRevoked());
  await huey.drain();
  assertEquals([runs, await result.status()], [0, "revoked"]);
});

onEveryStorage("an aborted signal ends a read that waits, with its reason", async ({ huey }) => {
  const result = await huey.task("work", () => {})();
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = result.get({ blocking: true, signal: controller.signal });
  controller.abort(reason);
  assertEquals(await assertRejects(() => waiting), reason);
  assertEquals(await assertRejects(() => result.get({ blocking: true, signal: AbortSignal.abort(reason) })), reason);
});

onEveryStorage("an outcome can be read again and again", async ({ huey, another }) => {
  const result = await huey.task("work", () => ({ a: 1 }))();
  await huey.drain();
  for (const handle of [result, result, another().result(result.id)]) assertEquals(await handle.get(), { a: 1 });
});

onEveryStorage("a read with preserve: false removes the outcome", async ({ huey }) => {
  const result = await huey.task("work", () => 1)();
  assertEquals(await result.get({ preserve: false }), undefined);
  await huey.drain();
  assertEquals(await result.get({ preserve: false }), 1);
  assertEquals([await result.get(), await result.status(), await result.isReady()], [undefined, "unknown", false]);
  assertEquals((await huey.counts()).results, 0);
});

onEveryStorage("a read with preserve: false removes an error too", async ({ huey }) => {
  const result = await huey.task("fail", () => {
    throw new Error("no");
  })();
  await huey.drain();
  await assertRejects(() => result.get({ preserve: false }), TaskException);
  assertEquals(await result.status(), "unknown");
});

onEveryStorage("a task that failed is read as a TaskException that says how", async ({ huey, another }) => {
  class PaymentError extends Error {
    override name = "PaymentError";
  }
  const result = await huey.task("fail", { retries: 1 }, () => {
    throw new PaymentError("card refused");
  })();
  await huey.drain();
  for (const handle of [result, another().result(result.id)]) {
    const error = await assertRejects(() => handle.get({ blocking: true }), TaskException, "card refused");
    assertEquals(error.name, "TaskException");
    const { traceback, ...metadata } = error.metadata;
    assertEquals(metadata, { error: "PaymentError: card refused", retries: 0, taskId: result.id });
    assertStringIncludes(traceback, "result_test.ts");
    assertInstanceOf(error.cause, Error);
    const { name, message, stack } = error.cause;
    assertEquals([name, message, stack], ["PaymentError", "card refused", traceback]);
  }
});

const THROWN: [what: string, thrown: unknown, error: string][] = [
  ["a string", "no", "Error: no"],
  ["undefined", undefined, "Error: undefined"],
  ["null", null, "Error: null"],
  ["a symbol", Symbol("no"), "Error: Symbol(no)"],
  ["an object", { toString: () => "no" }, "Error: no"],
  ["an object without a text", Object.create(null), "Error"],
  ["an error that carries what cannot be serialised", Object.assign(new Error("no"), { fn() {} }), "Error: no"],
  ["an error whose message is no text", Object.assign(new Error("x"), { message: () => "no" }), "Error"],
];

for (const [what, thrown, expected] of THROWN) {
  onEveryStorage(`a task that throws ${what} has failed`, async ({ huey }) => {
    const result = await huey.task("fail", () => {
      throw thrown;
    })();
    const report = await huey.drain();
    assertEquals(report.failed, 1);
    const error = await assertRejects(() => result.get(), TaskException);
    assertStringIncludes(error.metadata.error, expected);
  });
}

onEveryStorage("a task that fails since another has failed says what that was", async ({ huey }) => {
  const inner = huey.task("inner", () => {
    throw new RangeError("deep inside");
  });
  const first = await inner();
  await huey.drain();
  const outer = await huey.task("outer", () => first.get())();
  await huey.drain();
  const error = await assertRejects(() => outer.get(), TaskException);
  assertEquals([error.metadata.error, error.metadata.taskId], ["TaskException: RangeError: deep inside", outer.id]);
});

onEveryStorage("a task that cancelled itself is read as TaskCanceled", async ({ huey }) => {
  const result = await huey.task("work", () => {
    throw new CancelExecution();
  })();
  await huey.drain();
  const error = await assertRejects(() => result.get({ blocking: true }), TaskCanceled);
  assertEquals([error.status, error.taskId, await result.status()], ["canceled", result.id, "canceled"]);
});

onEveryStorage(
  "revoked, expired, cancelled and timed-out tasks each end a read that waits",
  async ({ huey, clock, consume }) => {
    const work = huey.task("work", () => {});
    const hang = huey.task("hang", { timeout: "5s" }, () => new Promise<never>(() => {}));
    const revoked = await work();
    await revoked.revoke();
    const expired = await work.schedule([], { expires: 1 });
    const canceled = await work.schedule([], { delay: "1h" });
    const timedOut = await hang();
    const reads = [revoked, expired, canceled, timedOut].map((result) =>
      result.get({ blocking: true }).then(() => "read", (error) => error.status ?? error.metadata.error.split(":")[0])
    );
    await clock.advance("2s");
    await huey.cancel(canceled.id);
    await consume({ workers: 4 });
    await eventually(async () => await timedOut.status() === "running");
    await clock.advance("5s");
    assertEquals(await asTimePasses(clock, Promise.all(reads)), ["revoked", "expired", "canceled", "TaskTimeout"]);
  },
);

onEveryStorage("while retries remain the error of an attempt is not read", async ({ huey }) => {
  const result = await huey.task("fail", { retries: 1 }, () => {
    throw new Error("no");
  })();
  await huey.drain({ maxTasks: 1 });
  assertEquals([await result.get(), await result.isReady()], [undefined, false]);
});

const intermediate = { storeIntermediateErrors: true };

onEveryStorage(
  "with storeIntermediateErrors the error of an attempt is read, and then the outcome",
  async ({ huey }) => {
    const work = huey.task("work", { context: true, retries: 1 }, ({ attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      return "done";
    });
    const result = await work();
    await huey.drain({ maxTasks: 1 });
    const error = await assertRejects(() => result.get(), TaskException, "not yet");
    assertEquals([error.metadata.retries, await result.status()], [1, "retrying"]);
    await huey.drain();
    assertEquals([await result.get(), await result.status()], ["done", "complete"]);
  },
  intermediate,
);

onEveryStorage("after reset the next read waits for a newer outcome", async ({ huey, clock, consume }) => {
  const work = huey.task("work", { context: true, retries: 1 }, ({ attempt }) => {
    if (attempt === 1) throw new Error("not yet");
    return "done";
  });
  const result = await work();
  await huey.drain({ maxTasks: 1 });
  await assertRejects(() => result.get(), TaskException, "not yet");
  result.reset();
  assertEquals([await result.get(), await result.isReady()], [undefined, false]);
  const waiting = result.get({ blocking: true });
  await consume();
  assertEquals(await asTimePasses(clock, waiting), "done");
}, intermediate);

onEveryStorage("a reset handle still ends with its timeout", async ({ huey, clock }) => {
  const result = await huey.task("work", () => 1)();
  await huey.drain();
  assertEquals(await result.get(), 1);
  result.reset();
  const before = huey.core.storage.requests;
  const waiting = assertRejects(() => result.get({ blocking: true, timeout: "1m" }), ResultTimeout);
  await asTimePasses(clock, waiting);
  assertLess(huey.core.storage.requests - before, 500, "it looked again and again");
}, intermediate);

onEveryStorage("reschedule gives the same call another time", async ({ huey, clock }) => {
  const runs: number[] = [];
  const work = huey.task("work", (x: number) => {
    runs.push(x);
    return x;
  });
  const result = await work.schedule([5], { delay: "1m" });
  const later = await result.reschedule({ delay: "1h" });
  await clock.advance("2m");
  await huey.drain();
  assertEquals(runs, []);
  await clock.advance("1h");
  await huey.drain();
  assertEquals([runs, await later.get()], [[5], 5]);
});
