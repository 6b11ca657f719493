import { readdirSync } from "node:fs";
import { test } from "node:test";
import { setInterval } from "node:timers/promises";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { eventually } from "./eventually.ts";
import { defineTasks, shared } from "./fixtures/shared_tasks.ts";
import { inSandbox, ownRuntime, type RuntimeName } from "./sandbox.ts";

test("a task whose consumer was killed is finished by another within 15 seconds, and its result stored once", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const result = await defineTasks(sandbox.folder, queue).passGate();
    const first = await sandbox.consumer("-n");
    await eventually(() => sandbox.notes().length > 0);
    first.kill("SIGKILL");
    assertEquals(await first.ended, "SIGKILL");

    queue.openGate();
    const killed = performance.now();
    const second = await sandbox.consumer("-n");
    assertEquals(await result.get({ blocking: true, timeout: "15s" }), second.pid);
    assertLess(performance.now() - killed, 15_000);
    await second.wrote("complete  passGate");
    assertEquals(sandbox.notes(), ["begun", "begun", "passed", "complete passGate"]);
    assertEquals(await queue.huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results: 1 });
    await queue.huey.close();
  });
});

test("a consumer that was paused beyond its lease cannot settle what another has finished", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const result = await defineTasks(sandbox.folder, queue).passGate();
    const first = await sandbox.consumer("-n");
    await eventually(() => sandbox.notes().length > 0);
    first.kill("SIGSTOP");
    const second = await sandbox.consumer("-n");
    queue.openGate();
    assertEquals(await result.get({ blocking: true, timeout: "30s" }), second.pid);

    first.kill("SIGCONT");
    await first.wrote("was not settled: its lease was lost to another worker");
    first.kill("SIGTERM");
    assertEquals(await first.ended, 0);
    assertEquals(await result.get(), second.pid);
    assertEquals(sandbox.notes().filter((note) => note === "complete passGate").length, 1);
    assertEquals(first.output.includes("complete"), false);
    await queue.huey.close();
  });
});

test("two consumers with 8 workers share 20,000 tasks: none is lost, and none runs twice", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, ...rest } = shared(sandbox.folder);
    const { count } = defineTasks(sandbox.folder, { huey, ...rest });
    const consumers = [0, 1].map(() => sandbox.cli("consume", "tests/fixtures/app.ts", "-n", "-q", "-w", "4"));
    const files = (): string[] => readdirSync(sandbox.folder).filter((file) => file.startsWith("ran."));
    await eventually(() => files().length === consumers.length);
    const results = await huey.enqueue(Array.from({ length: 20_000 }, () => count.s()));
    for await (const _ of setInterval(100, undefined, { signal: AbortSignal.timeout(60_000) })) {
      if ((await huey.counts()).results === results.length) break;
    }
    for (const consumer of consumers) consumer.kill("SIGTERM");
    assertEquals(await Promise.all(consumers.map(({ ended }) => ended)), [0, 0]);

    const shares = files().map((file) => sandbox.lines(file));
    assert(shares.every(({ length }) => length > 0), "each consumer had its share");
    const ran = shares.flat();
    assertEquals(ran.length, results.length);
    assertEquals(new Set(ran), new Set(Array.from(results, ({ id }) => id)));
    assertEquals(await huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results: 20_000 });
    await huey.close();
  });
});

test("a task enqueued in one runtime is run in another and its result read in a third, nothing being lost", async () => {
  const runtimes: RuntimeName[] = ["deno", "bun", "node"];
  const [second, third] = runtimes.filter((name) => name !== ownRuntime);
  await inSandbox(async (sandbox) => {
    const enqueuer = sandbox.start("tests/fixtures/enqueue.ts");
    assertEquals(await enqueuer.ended, 0, enqueuer.output);
    const id = enqueuer.output.trim();
    const consumer = sandbox.start("src/cli/main.ts", ["consume", "tests/fixtures/app.ts", "-n"], second);
    await consumer.wrote(`complete  echo ${id}`);
    const reader = sandbox.start("tests/fixtures/read.ts", [id], third);
    assertEquals(await reader.ended, 0, reader.output);
    assertStringIncludes(reader.output, "1970-01-01T00:00:00.000Z true ä€😀 true 0 255");
  });
});

test("a consumer that waits is woken by a producer in another process", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, ...rest } = shared(sandbox.folder);
    const { echo } = defineTasks(sandbox.folder, { huey, ...rest });
    // Without being woken it would look again after a minute only.
    await sandbox.consumer("-n", "-m", "1m");
    for (const word of ["first", "second", "third"]) {
      assertEquals(await (await echo(word)).get({ blocking: true, timeout: "10s" }), word);
    }
    await huey.close();
  });
});

test("a consumer that is started again within a minute does not run the minute's periodic task again", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, ...rest } = shared(sandbox.folder);
    const { echo } = defineTasks(sandbox.folder, { huey, ...rest });
    const slots = (): string[] => sandbox.lines("notes.txt").filter((line) => line.startsWith("slot"));
    for (let round = 0; round < 3; round++) {
      const consumer = await sandbox.consumer();
      await eventually(() => slots().length > 0);
      await (await echo(round)).get({ blocking: true, timeout: "30s" });
      consumer.kill("SIGTERM");
      assertEquals(await consumer.ended, 0);
    }
    assertEquals(new Set(slots()).size, slots().length);
    assert(slots().length <= 2, "the test takes less than a minute, in which at most one more minute begins");
    assertEquals((await huey.counts()).queued, 0);
    await huey.close();
  });
});
