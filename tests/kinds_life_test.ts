import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "./eventually.ts";
import { troubles } from "./fixtures/kinds_tasks.ts";
import { type Child, inSandbox, ownRuntime, type Sandbox } from "./sandbox.ts";

const KINDS = ["process", "thread"] as const;

async function consumer(sandbox: Sandbox, flags: string, module = "tests/fixtures/kinds_app.ts"): Promise<Child> {
  const child = sandbox.cli("consume", module, "-n", ...flags.split(" "));
  await child.wrote("Consumer of troubles started");
  return child;
}

async function stop(child: Child): Promise<void> {
  child.kill("SIGTERM");
  assertEquals(await child.ended, 0, child.output);
}

function count(sandbox: Sandbox, start: string): number {
  return sandbox.notes().filter((note) => note.startsWith(start)).length;
}

for (const kind of KINDS) {
  test(`createConsumer starts workers of kind ${kind}, which load the program's main module`, async () => {
    await inSandbox(async (sandbox) => {
      const { huey, where } = troubles(sandbox.folder);
      const child = sandbox.start("tests/fixtures/kinds_program.ts", [kind]);
      const [pid, thread] = ((await (await where()).get({ blocking: true, timeout: "30s" })) as string).split(" ");
      assertEquals([Number(pid) === child.pid, thread === "main"], [kind === "thread", kind === "process"]);
      await stop(child);
      await huey.close();
    });
  });

  test(`a module that starts a ${kind} wherever it is loaded is told so, and ends`, async () => {
    await inSandbox(async (sandbox) => {
      const child = sandbox.start("tests/fixtures/kinds_program.ts", [], ownRuntime, { HUEY_TEST_UNGUARDED: kind });
      assert(await child.ended !== 0);
      assertStringIncludes(child.output, "must start a consumer only if import.meta.main is true");
    });
  });

  test(`each ${kind} runs the hooks of its start and its end, and is followed by another after -M tasks`, async () => {
    await inSandbox(async (sandbox) => {
      const { huey, where } = troubles(sandbox.folder);
      const child = await consumer(sandbox, `-k ${kind} -w 1 -M 3`);
      const results = [...await where.map(Array.from({ length: 8 }, () => []))];
      const places = await Promise.all(results.map((result) => result.get({ blocking: true, timeout: "30s" })));
      await stop(child);
      const tasks = [...Map.groupBy(places, (place) => place).values()].map(({ length }) => length);
      assertEquals(tasks, [3, 3, 2]);
      assertEquals(count(sandbox, "startup"), count(sandbox, "shutdown"));
      assert(count(sandbox, "startup") >= 3);
      assertEquals(child.output.includes("ERROR"), false, child.output);
      await huey.close();
    });
  });

  test(`a ${kind} that has grown beyond --max-memory is followed by another, and loses nothing`, async () => {
    await inSandbox(async (sandbox) => {
      const { huey, keeps, where } = troubles(sandbox.folder);
      // Of a thread only its heap is counted.
      const child = await consumer(sandbox, `-k ${kind} -w 1 --max-memory ${kind === "process" ? 200 : 100}`);
      const before = await (await where()).get({ blocking: true, timeout: "30s" });
      await (await keeps()).get({ blocking: true, timeout: "30s" });
      await child.wrote("MB: starting another");
      await eventually(async () => await (await where()).get({ blocking: true, timeout: "30s" }) !== before);
      await stop(child);
      assertEquals((await huey.counts()).queued, 0);
      assertEquals(child.output.includes("ERROR"), false, child.output);
      await huey.close();
    });
  });

  test(`a ${kind} runs --concurrency tasks at once; what they say is seen elsewhere, and a revoked one is ended`, async () => {
    await inSandbox(async (sandbox) => {
      const { huey, speaks, waits } = troubles(sandbox.folder);
      const child = await consumer(sandbox, `-k ${kind} -w 1 --concurrency 3 --grace-period 0`);
      const result = await speaks();
      const next = await result.get({ blocking: true, timeout: "30s" });
      assertEquals([await result.progress(), await huey.isLocked("speech")], [{ done: 1 }, true]);
      assertEquals(typeof await huey.result(next).get({ blocking: true, timeout: "30s" }), "string");

      const [revoked] = await waits.map([[], [], [], []]);
      await eventually(() => count(sandbox, "waits begun") === 3);
      await revoked.revoke();
      await eventually(async () => await revoked.status() === "revoked" && count(sandbox, "waits begun") === 4);
      await stop(child);
      assertEquals([count(sandbox, "waits begun"), count(sandbox, "interrupted waits")], [4, 3]);
      assertEquals((await huey.counts()).queued, 3);
      await huey.close();
    });
  });
}

test("a revoked task is ended also if it is in a loop", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, computes } = troubles(sandbox.folder);
    const child = await consumer(sandbox, "-k process -w 1");
    const result = await computes(60_000);
    await eventually(() => count(sandbox, "computes begun") === 1);
    await result.revoke();
    await eventually(async () => await result.status() === "revoked");
    await stop(child);
    await huey.close();
  });
});

test("tasks that were run beside one that killed their process are run again", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, exitsOnce, waitsOnce } = troubles(sandbox.folder);
    const child = await consumer(sandbox, "-k process -w 1 --concurrency 2");
    const waiting = await waitsOnce();
    await eventually(() => count(sandbox, "waitsOnce begun") === 1);
    const exiting = await exitsOnce();
    assertEquals(await exiting.get({ blocking: true, timeout: "30s" }), "done");
    assertEquals(await waiting.get({ blocking: true, timeout: "30s" }), "done");
    assertEquals([count(sandbox, "exitsOnce begun"), count(sandbox, "waitsOnce begun")], [2, 2]);
    await stop(child);
    await huey.close();
  });
});

test("an idle process that does not answer is replaced before it is given a task", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, leaves, where } = troubles(sandbox.folder);
    const child = await consumer(sandbox, "-k process -w 1 -c 100ms");
    const hung = await (await leaves()).get({ blocking: true, timeout: "30s" });
    await child.wrote("was killed, as it did not answer");
    assert(await (await where()).get({ blocking: true, timeout: "30s" }) !== hung);
    await stop(child);
    await huey.close();
  });
});

test("processes that end again and again are started ever more slowly, which is reported", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, exits, where } = troubles(sandbox.folder);
    const child = await consumer(sandbox, "-k process -w 1");
    await exits.map([[], [], [], []]);
    await child.wrote("3 times in a row: starting another in 500 ms");
    await child.wrote("4 times in a row: starting another in 1 s");
    // It is told at once what happened, and goes on once there is a task that ends.
    assertEquals(typeof await (await where()).get({ blocking: true, timeout: "30s" }), "string");
    await exits();
    await child.wrote("with a task: starting another", 3);
    await stop(child);
    await huey.close();
  });
});

test("SIGHUP starts a supervisor again, with fresh code in its processes", async () => {
  await inSandbox(async (sandbox) => {
    const module = `${sandbox.folder}/app.ts`;
    const write = (version: number): void =>
      writeFileSync(
        module,
        `import { huey } from "${new URL("./fixtures/kinds_app.ts", import.meta.url)}";
export { huey };
huey.task("version", () => ${version});`,
      );
    write(1);
    const { huey } = troubles(sandbox.folder);
    const version = huey.task("version", () => 0);
    const child = await consumer(sandbox, "-k process -w 1", module);
    assertEquals(await (await version()).get({ blocking: true, timeout: "30s" }), 1);
    write(2);
    child.kill("SIGHUP");
    await child.wrote("Consumer of troubles started", 2);
    assertEquals(await (await version()).get({ blocking: true, timeout: "30s" }), 2);
    await stop(child);
    await huey.close();
  });
});

test("--watch starts again when a source file changes, also after one that could not be loaded", async () => {
  await inSandbox(async (sandbox) => {
    const write = (text: string): void => writeFileSync(`${sandbox.folder}/part.ts`, text);
    writeFileSync(
      `${sandbox.folder}/app.ts`,
      `export { huey } from "${new URL("./fixtures/kinds_app.ts", import.meta.url)}"; import "./part.ts";`,
    );
    write("console.log('first part');");
    const child = sandbox.start(
      "src/cli/main.ts",
      ["consume", "app.ts", "-n", "--watch"],
      ownRuntime,
      {},
      sandbox.folder,
    );
    await child.wrote("Consumer of troubles started");
    writeFileSync(`${sandbox.folder}/data.json`, "{}");
    write("console.log('second part' +);");
    await child.wrote("part.ts has changed: restarting");
    await child.wrote("Waiting for a change");
    write("console.log('third part');");
    await child.wrote("Consumer of troubles started", 2);
    assertMatch(child.output, /first part[^]*third part/);
    assertEquals(child.output.split("has changed").length, 3, child.output);
    await setTimeout(600);
    await stop(child);
    await child.wrote("Consumer of troubles stopped", 2);
  });
});
