import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CancelExecution, type Huey, RetryTask, TaskException } from "@hq/huey";
import { runAll, type TestClock } from "@hq/huey/testing";
import { onEveryStorage } from "./bench.ts";

/** How many seconds after the start each attempt of a task of these options was begun, if all of them fail. */
async function attempts(huey: Huey, options: Parameters<typeof huey.task>[1] & object): Promise<number[]> {
  const clock = huey.core.clock as TestClock;
  const began: number[] = [];
  const start = clock.now();
  await huey.task("fail", { ...options, context: false }, () => {
    began.push((clock.now() - start) / 1_000);
    throw new Error("no");
  })();
  await runAll(huey);
  return began;
}

onEveryStorage("a task that fails is not retried", async ({ huey }) => {
  assertEquals(await attempts(huey, {}), [0]);
});

onEveryStorage("a task that fails is run again as often as retries says, at once", async ({ huey }) => {
  assertEquals(await attempts(huey, { retries: 3 }), [0, 0, 0, 0]);
});

onEveryStorage("a task that succeeds at last is not run again", async ({ huey }) => {
  const work = huey.task("work", { retries: 5, context: true }, ({ attempt }) => {
    if (attempt < 3) throw new Error("no");
    return attempt;
  });
  const result = await work();
  const report = await huey.drain();
  assertEquals([await result.get(), report.executed, report.retried, report.failed], [3, 3, 2, 0]);
});

onEveryStorage("retryDelay passes between two attempts", async ({ huey }) => {
  assertEquals(await attempts(huey, { retries: 2, retryDelay: 60 }), [0, 60, 120]);
});

onEveryStorage("a retry does not run before its delay has passed", async ({ huey, clock }) => {
  let runs = 0;
  await huey.task("fail", { retries: 1, retryDelay: "1m" }, () => {
    runs++;
    throw new Error("no");
  })();
  await huey.drain();
  await clock.advance("59999ms");
  await huey.drain();
  assertEquals(runs, 1);
  await clock.advance("1ms");
  await huey.drain();
  assertEquals(runs, 2);
});

onEveryStorage("retryBackoff makes the delay grow", async ({ huey }) => {
  assertEquals(await attempts(huey, { retries: 4, retryDelay: "1s", retryBackoff: 3 }), [0, 1, 4, 13, 40]);
});

onEveryStorage("retryMaxDelay stops the growth", async ({ huey }) => {
  const options = { retries: 4, retryDelay: "1s", retryBackoff: 3, retryMaxDelay: "5s" } as const;
  assertEquals(await attempts(huey, options), [0, 1, 4, 9, 14]);
});

onEveryStorage("a delay that has grown beyond all measure is still the longest delay", async ({ huey }) => {
  const options = { retries: 3, retryDelay: "1d", retryBackoff: 1e300, retryMaxDelay: "2d" } as const;
  assertEquals(await attempts(huey, options), [0, 86_400, 3 * 86_400, 5 * 86_400]);
});

onEveryStorage("retryJitter takes the part of the delay that chance says", async ({ huey }) => {
  const options = { retries: 2, retryDelay: "100s", retryJitter: 0.5 } as const;
  assertEquals(await attempts(huey, options), [0, 87.5, 175]);
}, { random: () => 0.25 });

onEveryStorage("full jitter may leave nothing of the delay", async ({ huey }) => {
  assertEquals(await attempts(huey, { retries: 2, retryDelay: "100s", retryJitter: 1 }), [0, 0, 0]);
}, { random: () => 1 });

onEveryStorage("without jitter chance has no say", async ({ huey }) => {
  assertEquals(await attempts(huey, { retries: 2, retryDelay: "100s" }), [0, 100, 200]);
}, { random: () => 0.9 });

onEveryStorage("an error that retryIf does not want is final", async ({ huey }) => {
  const seen: unknown[] = [];
  const work = huey.task("work", {
    retries: 5,
    retryIf: (error) => {
      seen.push(error);
      return error instanceof TypeError;
    },
    context: true,
  }, ({ attempt }) => {
    throw attempt < 3 ? new TypeError("again") : new RangeError("enough");
  });
  const result = await work();
  await huey.drain();
  assertEquals(seen.length, 3);
  const error = await assertRejects(() => result.get(), TaskException, "RangeError: enough");
  assertEquals(error.metadata.retries, 3);
});

onEveryStorage("a retryIf that throws makes the error final, and the worker goes on", async ({ huey }) => {
  const options = {
    retries: 5,
    retryIf: () => {
      throw new Error("broken");
    },
  };
  const result = await huey.task("fail", options, () => {
    throw new Error("no");
  })();
  const other = await huey.task("work", () => 1)();
  const report = await huey.drain();
  assertEquals([report.failed, await other.get()], [1, 1]);
  await assertRejects(() => result.get(), TaskException, "no");
});

onEveryStorage("what a call says about retries wins over the task", async ({ huey, clock }) => {
  const began: number[] = [];
  const start = clock.now();
  const fail = huey.task("fail", { retries: 0, retryDelay: "1h", retryBackoff: 1 }, () => {
    began.push(clock.now() - start);
    throw new Error("no");
  });
  await fail.schedule([], { retries: 2, retryDelay: "10s", retryBackoff: 2 });
  await runAll(huey);
  assertEquals(began, [0, 10_000, 30_000]);
});

onEveryStorage("a retry keeps the id, the arguments and the priority", async ({ huey }) => {
  const seen: unknown[] = [];
  const work = huey.task("work", { retries: 1, context: true }, ({ id, task, attempt }, x: number) => {
    seen.push([id, task.priority, x]);
    if (attempt === 1) throw new Error("no");
  });
  const other = huey.task("other", { priority: 5 }, () => {
    seen.push("other");
  });
  const { id } = await work.schedule([7], { priority: 9 });
  await other();
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, [[id, 9, 7], [id, 9, 7], "other"]);
});

onEveryStorage("a retry goes to the back of its priority", async ({ huey }) => {
  const seen: string[] = [];
  const work = huey.task("work", { retries: 1, context: true }, ({ attempt }, name: string) => {
    seen.push(name);
    if (attempt === 1) throw new Error("no");
  });
  await work.map([["a"], ["b"]]);
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, ["a", "b", "a", "b"]);
});

onEveryStorage("RetryTask runs a task again without retries, and costs none", async ({ huey }) => {
  const work = huey.task("work", { context: true }, ({ attempt, retries }) => {
    if (attempt < 4) throw new RetryTask();
    return [attempt, retries];
  });
  const result = await work();
  const report = await huey.drain();
  assertEquals([await result.get(), report.retried], [[4, 0], 3]);
});

onEveryStorage(
  "RetryTask says when: after a delay, at an instant, or after the task's own delay",
  async ({ huey, clock }) => {
    const start = clock.now();
    const asked = [
      new RetryTask({ delay: "10s" }),
      new RetryTask({ eta: start + 60_000 }),
      new RetryTask({ eta: new Date(start + 120_000) }),
      new RetryTask({ eta: 5 }),
      new RetryTask(),
    ];
    const began: number[] = [];
    await huey.task("work", { retryDelay: "1h" }, () => {
      began.push((clock.now() - start) / 1_000);
      const next = asked.shift();
      if (next) throw next;
    })();
    await runAll(huey);
    assertEquals(began, [0, 10, 60, 120, 120, 3_720]);
  },
);

onEveryStorage("a delay that RetryTask asked for does not make later ones grow", async ({ huey, clock }) => {
  const start = clock.now();
  const began: number[] = [];
  await huey.task("work", { retries: 2, retryDelay: "1s", retryBackoff: 10, context: true }, ({ attempt }) => {
    began.push((clock.now() - start) / 1_000);
    throw attempt === 1 ? new RetryTask({ delay: "5s" }) : new Error("no");
  })();
  await runAll(huey);
  assertEquals(began, [0, 5, 6, 16]);
});

onEveryStorage("nonsense in a RetryTask is the task's own failure, and the worker goes on", async ({ huey }) => {
  const refused: ConstructorParameters<typeof RetryTask>[0][] = [
    { delay: -1 },
    { delay: "5 min" as never },
    { eta: new Date(NaN) },
  ];
  const work = huey.task("work", (at: number) => {
    throw new RetryTask(refused[at]);
  });
  const results = [...await work.map([[0], [1], [2]])];
  await huey.drain();
  for (const [i, option] of ["delay", "delay", "eta"].entries()) {
    const error = await assertRejects(() => results[i].get({ blocking: true, timeout: 0 }), TaskException);
    assertStringIncludes(error.metadata.error, `'${option}'`);
  }
});

onEveryStorage("CancelExecution with retry: true is retried at least once", async ({ huey }) => {
  const seen: number[] = [];
  const work = huey.task("work", { context: true }, ({ attempt, retries }) => {
    seen.push(retries);
    if (attempt === 1) throw new CancelExecution({ retry: true });
    return "done";
  });
  const result = await work();
  await huey.drain();
  assertEquals([seen, await result.get()], [[0, 0], "done"]);
});

onEveryStorage("CancelExecution with retry: true uses a retry where there is one", async ({ huey }) => {
  const seen: number[] = [];
  await huey.task("work", { retries: 2, context: true }, ({ attempt, retries }) => {
    seen.push(retries);
    if (attempt < 4) throw new CancelExecution({ retry: true });
  })();
  await huey.drain();
  assertEquals(seen, [2, 1, 0, 0]);
});

onEveryStorage("CancelExecution with retry: false is final, whatever retries remain", async ({ huey }) => {
  let runs = 0;
  const result = await huey.task("work", { retries: 5 }, () => {
    runs++;
    throw new CancelExecution({ retry: false });
  })();
  await huey.drain();
  assertEquals([runs, await result.status()], [1, "canceled"]);
});

onEveryStorage("CancelExecution that says nothing is retried like any failure", async ({ huey }) => {
  let runs = 0;
  const result = await huey.task("work", { retries: 1 }, () => {
    runs++;
    throw new CancelExecution();
  })();
  await huey.drain();
  assertEquals([runs, await result.status()], [2, "canceled"]);
});

onEveryStorage("a retry is run by whichever process has a hand free", async ({ huey, another }) => {
  const worker = another();
  const fail = huey.task("work", { retries: 1 }, (): string => {
    throw new Error("no");
  });
  worker.task("work", { retries: 1, context: true }, ({ attempt, retries }) => `${attempt} ${retries}`);
  const result = await fail();
  await huey.drain({ maxTasks: 1 });
  await worker.drain();
  assertEquals(await result.get(), "2 0");
});
