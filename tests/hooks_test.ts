import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { CancelExecution, TaskCanceled, TaskTimeout } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

onEveryStorage("hooks run around a task in the order in which they were added", async ({ huey }) => {
  const seen: string[] = [];
  huey.preExecute(() => {
    seen.push("pre 1");
  });
  huey.preExecute(async () => {
    await Promise.resolve();
    seen.push("pre 2");
  });
  huey.postExecute(async () => {
    await Promise.resolve();
    seen.push("post 1");
  });
  huey.postExecute(() => {
    seen.push("post 2");
  });
  huey.signal((signal) => {
    seen.push(signal);
  });
  await huey.task("work", () => {
    seen.push("run");
  })();
  await huey.drain();
  assertEquals(seen, ["enqueued", "executing", "pre 1", "pre 2", "run", "post 1", "post 2", "complete"]);
});

onEveryStorage("a post hook gets the task with its value or its error", async ({ huey }) => {
  const seen: unknown[][] = [];
  huey.postExecute((task, value, error) => {
    seen.push([task.name, task.args, value, error]);
  });
  const error = new Error("no");
  await huey.task("add", (a: number, b: number) => a + b)(1, 2);
  await huey.task("fail", () => {
    throw error;
  })();
  await huey.drain({ concurrency: 1 });
  assertEquals(seen, [["add", [1, 2], 3, undefined], ["fail", [], undefined, error]]);
});

onEveryStorage("hooks run at each attempt", async ({ huey }) => {
  const seen: string[] = [];
  huey.preExecute(({ attempt }) => {
    seen.push(`pre ${attempt}`);
  });
  huey.postExecute(({ attempt }, _value, error) => {
    seen.push(`post ${attempt} ${error}`);
  });
  await huey.task("fail", { retries: 1 }, () => {
    throw new Error("no");
  })();
  await huey.drain();
  assertEquals(seen, ["pre 1", "post 1 Error: no", "pre 2", "post 2 Error: no"]);
});

onEveryStorage("a post hook hears of a timeout", async ({ huey, clock }) => {
  let seen: unknown;
  huey.postExecute((_task, _value, error) => {
    seen = error;
  });
  await huey.task("hang", { timeout: "1s" }, () => new Promise(() => {}))();
  await asTimePasses(clock, huey.drain());
  assertInstanceOf(seen, TaskTimeout);
});

onEveryStorage(
  "a pre hook that throws CancelExecution keeps the task and the later hooks from running",
  async ({ huey }) => {
    const seen: string[] = [];
    huey.preExecute(({ args }) => {
      if (args[0] === 1) throw new CancelExecution({ message: "not this one" });
    });
    huey.preExecute(({ args }) => {
      seen.push(`pre ${args}`);
    });
    huey.postExecute(({ args }) => {
      seen.push(`post ${args}`);
    });
    const work = huey.task("work", { retries: 3 }, (x: number) => {
      seen.push(`run ${x}`);
    });
    const [canceled, done] = await work.map([[1], [2]]);
    await huey.drain({ concurrency: 1 });
    assertEquals(seen, ["pre 2", "run 2", "post 2"]);
    const error = await assertRejects(() => canceled.get({ blocking: true }), TaskCanceled);
    assertEquals([error.status, await done.status()], ["canceled", "complete"]);
  },
);

onEveryStorage("any other error of a hook is logged, and the task runs", async ({ huey }) => {
  const seen: string[] = [];
  const broken = (): never => {
    throw new Error("broken");
  };
  huey.preExecute(broken);
  huey.preExecute(() => {
    seen.push("pre");
  });
  huey.postExecute(broken);
  huey.postExecute(() => {
    seen.push("post");
  });
  const result = await huey.task("work", () => "done")();
  await huey.drain();
  assertEquals([await result.get(), seen], ["done", ["pre", "post"]]);
});

onEveryStorage("each hook has its remover", async ({ huey, clock, consume }) => {
  const seen: string[] = [];
  const note = (what: string) => () => {
    seen.push(what);
  };
  const removers = [
    huey.preExecute(note("pre")),
    huey.postExecute(note("post")),
    huey.onStartup(note("startup")),
    huey.onShutdown(note("shutdown")),
  ];
  huey.preExecute(note("kept"));
  for (const remove of [...removers, ...removers]) remove();
  const result = await huey.task("work", () => {})();
  const consumer = await consume();
  await asTimePasses(clock, result.get({ blocking: true }));
  await consumer.stop();
  assertEquals(seen, ["kept"]);
});

onEveryStorage("startup and shutdown hooks run once per worker", async ({ huey, consume }) => {
  const seen: string[] = [];
  huey.onStartup(async () => {
    await Promise.resolve();
    seen.push("startup");
  });
  huey.onShutdown(() => {
    seen.push("shutdown");
  });
  const consumer = await consume({ workers: 3 });
  assertEquals(seen, Array(3).fill("startup"));
  await consumer.stop();
  await consumer.stop();
  assertEquals(seen, [...Array(3).fill("startup"), ...Array(3).fill("shutdown")]);
});

onEveryStorage("a startup hook that throws keeps nobody from working", async ({ huey, clock, consume }) => {
  huey.onStartup(() => {
    throw new Error("broken");
  });
  huey.onShutdown(() => Promise.reject(new Error("broken")));
  const consumer = await consume();
  assertEquals(await asTimePasses(clock, (await huey.task("work", () => "done")()).get({ blocking: true })), "done");
  await consumer.stop();
});

onEveryStorage("with maxTasks a worker is started afresh after so many tasks", async ({ huey, clock, consume }) => {
  const seen: string[] = [];
  huey.onStartup(() => {
    seen.push("startup");
  });
  huey.onShutdown(() => {
    seen.push("shutdown");
  });
  const work = huey.task("work", (x: number) => {
    seen.push(`${x}`);
  });
  const consumer = await consume({ maxTasks: 2 });
  const results = [...await work.map([[1], [2], [3], [4], [5]])];
  await asTimePasses(clock, Promise.all(results.map((result) => result.get({ blocking: true }))));
  await eventually(() => seen.length >= 10);
  await consumer.stop();
  assertEquals(seen.join(" "), "startup 1 2 shutdown startup 3 4 shutdown startup 5 shutdown");
});

onEveryStorage("what is not a function is refused as a hook", async ({ huey }) => {
  for (const add of ["preExecute", "postExecute", "onStartup", "onShutdown"] as const) {
    assertThrows(() => huey[add](undefined as never), TypeError, "function");
  }
  await Promise.resolve();
});
