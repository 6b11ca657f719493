import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type Result, TaskException } from "@hq/huey";
import { hasTools } from "../scripts/bundle.ts";
import { eventually } from "./eventually.ts";
import { troubles } from "./fixtures/kinds_tasks.ts";
import { type Child, inSandbox, ownRuntime, type Sandbox } from "./sandbox.ts";
import { startWorker } from "./workerd.ts";

/** Not even Bun's crash reporter is to call home. */
const ENV = {
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --max-old-space-size=64`,
  DENO_V8_FLAGS: "--max-old-space-size=64",
  BUN_ENABLE_CRASH_REPORTING: "0",
};

const KINDS = ["process", "thread"] as const;

async function consumer(sandbox: Sandbox, flags: string, env: Record<string, string> = {}): Promise<Child> {
  const args = ["consume", "tests/fixtures/kinds_app.ts", "-n", ...flags.split(" ")];
  const child = sandbox.start("src/cli/main.ts", args, ownRuntime, { ...ENV, ...env });
  await child.wrote("Consumer of troubles started");
  return child;
}

/** The error that a task has failed with, as soon as it has. */
async function failure(result: Result<unknown>): Promise<string> {
  const error = await assertRejects(() => result.get({ blocking: true, timeout: "30s" }), TaskException);
  return error.metadata.error;
}

/** The pids that notes are about. */
function pids(sandbox: Sandbox, what: string): number[] {
  const noted = sandbox.notes().filter((line) => line.startsWith(what));
  return [...new Set(noted.map((line) => Number(/\d+/.exec(line)![0])))];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Nothing is left: neither of the queue nor of the processes. */
async function assertClean(sandbox: Sandbox, { huey }: ReturnType<typeof troubles>, results: number): Promise<void> {
  assertEquals(await huey.counts(), { queued: 0, scheduled: 0, running: 0, dead: 0, results });
  await eventually(() => !pids(sandbox, "startup").some(isAlive));
  await huey.close();
}

for (const kind of KINDS) {
  test(`whatever a task does to a ${kind}, it fails once, at once, and the next task finds a worker`, async () => {
    await inSandbox(async (sandbox) => {
      const queue = troubles(sandbox.folder);
      const { where } = queue;
      const child = await consumer(sandbox, `-k ${kind} -w 1`);
      const cases: [task: keyof typeof queue & string, begun: number, error: RegExp, signal?: string][] = [
        ["throws", 2, /^RangeError: thrown$/],
        ["rejectsLater", 1, /^RangeError: nobody waits for this$/],
        ["exits", 1, /^WorkerDied: The worker of task exits .* ended with code 3$/],
        ["loops", 2, /^TaskTimeout: /, "timeout"],
      ];
      // Where a thread takes its process along, that is the next test's.
      if (kind === "process" || ownRuntime === "node") cases.push(["fills", 1, /^WorkerDied: |Out of memory/]);
      for (const [name, begun, error, signal = "error"] of cases) {
        const result = await (queue[name] as typeof queue.throws)();
        // Had its lease lapsed first, it would have begun once more.
        assertMatch(await failure(result), error);
        assertEquals(sandbox.notes().filter((note) => note.startsWith(`${name} begun`)).length, begun, name);
        assertEquals(typeof await (await where()).get({ blocking: true, timeout: "30s" }), "string");
        await eventually(() => sandbox.notes().filter((note) => note === `${signal} ${name}`).length === begun);
      }
      child.kill("SIGTERM");
      assertEquals(await child.ended, 0, child.output);
      assertEquals(sandbox.notes().filter((note) => note === "complete where").length, cases.length);
      await assertClean(sandbox, queue, cases.length * 2);
    });
  });

  test(`after kill -9 of a supervisor no ${kind} lives on, and another consumer finishes its task`, async () => {
    await inSandbox(async (sandbox) => {
      const queue = troubles(sandbox.folder);
      const first = await consumer(sandbox, `-k ${kind} -w 2`);
      // Longer than a lease, which is renewed although the worker is blocked: else its neighbour would begin it again.
      const result = await queue.loopsOnce(kind === "process" ? 2_500 : 0);
      await eventually(() => pids(sandbox, "loopsOnce begun").length === 1);
      first.kill("SIGKILL");
      assertEquals(await first.ended, "SIGKILL");
      await eventually(() => !pids(sandbox, "startup").some(isAlive));
      const second = await consumer(sandbox, `-k ${kind} -w 2`);
      assertEquals(await result.get({ blocking: true, timeout: "30s" }), "done");
      second.kill("SIGTERM");
      assertEquals(await second.ended, 0, second.output);
      const notes = sandbox.notes().filter((note) => note.includes("loopsOnce"));
      assertEquals(notes.map((note) => note.split(" in ")[0]), [
        "loopsOnce begun",
        "loopsOnce begun",
        "complete loopsOnce",
      ]);
      await assertClean(sandbox, queue, 1);
    });
  });

  test(`a second SIGTERM gives back at once what runs in a ${kind}, also what is in a loop`, async () => {
    await inSandbox(async (sandbox) => {
      const queue = troubles(sandbox.folder);
      const child = await consumer(sandbox, `-k ${kind} -w 2`);
      await queue.computes(60_000);
      await queue.waits();
      await eventually(() => sandbox.notes().filter((note) => note.includes("begun")).length === 2);
      child.kill("SIGTERM");
      await child.wrote("SIGTERM: stopping, waiting for 2 tasks");
      await new Promise((resolve) => setTimeout(resolve, 600));
      child.kill("SIGTERM");
      assertEquals(await child.ended, 143, child.output);
      assertStringIncludes(child.output, "SIGTERM again: 2 tasks aborted and given back");
      assertEquals((await queue.huey.counts()).queued, 2);
      for (const name of ["computes", "waits"]) {
        assertEquals(sandbox.notes().filter((note) => note === `interrupted ${name}`).length, 1, name);
      }
      await queue.huey.flush("queue");
      await assertClean(sandbox, queue, 0);
    });
  });
}

test("a thread that takes its process along when it runs out of memory is not tried for ever", async () => {
  // Node ends such a thread alone.
  if (ownRuntime === "node") return;
  await inSandbox(async (sandbox) => {
    const queue = troubles(sandbox.folder);
    const env = { HUEY_TEST_DELIVERIES: "1" };
    const first = await consumer(sandbox, "-k thread -w 2", env);
    const result = await queue.fills();
    assertMatch(String(await first.ended), /^(SIG\w+|1\d\d)$/);
    const second = await consumer(sandbox, "-k thread -w 2", env);
    const error = await failure(result);
    // Bun may tell the thread of it, and that be settled, before it ends the process.
    const isTold = ownRuntime === "bun" && error === "RangeError: Out of memory";
    if (!isTold) assertMatch(error, /became a dead letter: it was handed out 1 times, and nobody came back with it/);
    second.kill("SIGTERM");
    assertEquals(await second.ended, 0, second.output);
    assertEquals(sandbox.notes().filter((note) => note.startsWith("fills begun")).length, 1);
    const dead = isTold ? 0 : 1;
    assertEquals(await queue.huey.counts(), { queued: 0, scheduled: 0, running: 0, dead, results: 1 });
    await queue.huey.close();
  });
});

test("kill -9 of a worker process fails the task that it had, at once", async () => {
  await inSandbox(async (sandbox) => {
    const queue = troubles(sandbox.folder);
    const child = await consumer(sandbox, "-k process -w 2");
    // One that must not be delivered twice is not run again, whatever its retries.
    assertMatch(await failure(await queue.departs()), /^WorkerDied: /);
    const [dead] = await queue.huey.dead();
    assertEquals(dead.reason, "its worker died, and it must be delivered at most once");
    await queue.huey.flush("dead");

    const result = await queue.computes(60_000);
    await eventually(() => pids(sandbox, "computes begun").length === 1);
    process.kill(pids(sandbox, "computes begun")[0], "SIGKILL");
    assertMatch(await failure(result), /^WorkerDied: The worker of task computes .* ended with SIGKILL$/);
    assertEquals(pids(sandbox, "computes begun").length, 1);
    await child.wrote("ended with SIGKILL, with a task: starting another");
    assertMatch(child.output, /ERROR Worker \d \(pid \d+\) ended with SIGKILL, with a task: starting another/);
    child.kill("SIGTERM");
    assertEquals(await child.ended, 0, child.output);
    await assertClean(sandbox, queue, 2);
  });
});

const skip = ownRuntime !== "node"
  ? "workerd is what runs the library here, whoever starts it"
  : hasTools()
  ? false
  : "esbuild and miniflare are not installed";

test("workerd: there are neither threads nor processes, which is told", { skip }, async () => {
  const worker = await startWorker(`
    import { Huey, memory } from "@hq/huey";
    const storage = (name) => Object.assign(memory()(name), { isPrivate: false });
    const huey = new Huey("edge", { storage });
    const start = (kind) => huey.createConsumer({ kind }).start().catch((error) => error.name + ": " + error.message);
    export default {
      fetch: async () => Response.json([await start("thread"), await start("process")]),
    };`);
  try {
    const told = (kind: string) => `ConfigurationError: Cannot start a ${kind} here: use Deno, Bun or Node, unbundled`;
    assertEquals(await (await worker.fetch("/")).json(), [told("thread"), told("process")]);
  } finally {
    await worker.stop();
  }
});
