import { writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../src/cli/command_line.ts";
import { CONSUME_FLAGS, readConsumeArguments, readConsumeOptions } from "../src/cli/consume_options.ts";
import { durationText } from "../src/cli/duration_text.ts";
import { consumeHelpText } from "../src/cli/help.ts";
import { loadHuey } from "../src/cli/load.ts";
import { eventually } from "./eventually.ts";
import { defineTasks, shared } from "./fixtures/shared_tasks.ts";
import { inSandbox, ownRuntime } from "./sandbox.ts";

const APP = "tests/fixtures/app.ts";

function read(...args: string[]): ReturnType<typeof readConsumeOptions> {
  return readConsumeOptions(readConsumeArguments(args));
}

function refusal(...args: string[]): string {
  try {
    read(...args);
  } catch (error) {
    assertInstanceOf(error, UsageError);
    return error.message;
  }
  throw new Error(`${args.join(" ")} was not refused`);
}

const REFUSED: [args: string[], message: string][] = [
  [["-w", "abc"], 'Cannot use --workers "abc": give a whole number of at least 1'],
  [["-w", "0"], 'Cannot use --workers "0": give a whole number of at least 1'],
  [["-w", "-1"], 'Cannot use --workers "-1": give a whole number of at least 1'],
  [["--workers=1.5"], 'Cannot use --workers "1.5": give a whole number of at least 1'],
  [["-M", ""], 'Cannot use --max-tasks "": give a whole number of at least 1'],
  [["-k", "fork"], 'Cannot use --worker-type "fork": give async, greenlet, thread or process'],
  [["-b", "0.9"], 'Cannot use --backoff "0.9": give a number of at least 1'],
  [["-s", "0"], 'Cannot use --scheduler-interval "0": give more than 0'],
  [
    ["--grace-period", "5 min"],
    'Cannot use --grace-period "5 min": give seconds, or a number with its unit, as in 250ms, 30s, 5m, 2h or 7d',
  ],
  [
    ["-m", "-1s"],
    'Cannot use --max-delay "-1s": give seconds, or a number with its unit, as in 250ms, 30s, 5m, 2h or 7d',
  ],
  [["-l"], "Give a value after -l: FILE is missing"],
  [["--no-periodic=3"], 'Give no value with --no-periodic: current value is "3"'],
  [["-v", "-q"], "Give --verbose or --quiet, not both"],
  [["--worker", "3"], "There is no flag --worker: did you mean --workers?"],
  [["--frobnicate"], "There is no flag --frobnicate, see --help"],
  [["-x"], "There is no flag -x, see --help"],
];

for (const [args, message] of REFUSED) {
  test(`consume ${args.join(" ")} is refused in one line that says what is allowed`, () => {
    assertEquals(refusal("a.ts", ...args), message);
  });
}

test("consume reads each of Huey's flags, by its name and by its letter", () => {
  const short = "-w 4 -k greenlet -M 9 -c 5 -n -s 2 -f -L a,b -d 50ms -m 2m -b 2 -l x.log -q -S --grace-period 1.5";
  const long = "--workers=4 --kind async --max-tasks 9 --health-check-interval 5 --no-periodic " +
    "--scheduler-interval 2 --flush-locks --extra-locks a,b --delay 50ms --max-delay 2m --backoff 2 " +
    "--logfile x.log --quiet --simple --grace-period 1.5";
  for (const flags of [short, long]) {
    assertEquals(read(...flags.split(" "), "main.ts#mail"), {
      modules: ["main.ts#mail"],
      isWatched: false,
      consumer: {
        workers: 4,
        kind: "async",
        concurrency: undefined,
        maxTasks: 9,
        maxMemory: undefined,
        gracePeriod: 1.5,
        healthCheckInterval: 5,
        periodic: false,
        schedulerInterval: 2,
        flushLocks: true,
        initialDelay: "50ms",
        maxDelay: "2m",
        backoff: 2,
      },
      extraLocks: ["a", "b"],
      log: { level: "warning", format: "simple", file: "x.log" },
    });
  }
});

test("consume reads the flags of threads and processes, and several modules", () => {
  const { modules, isWatched, consumer } = read(
    ..."a.ts b.ts#mail -k thread --concurrency 2 --max-memory 512 -C --watch".split(" "),
  );
  assertEquals([modules, isWatched], [["a.ts", "b.ts#mail"], true]);
  const { kind, concurrency, maxMemory, healthCheckInterval } = consumer;
  assertEquals([kind, concurrency, maxMemory, healthCheckInterval], ["thread", 2, 512, 0]);
});

test("the help names every flag and is 80 columns wide at most", () => {
  const lines = consumeHelpText().split("\n");
  assertEquals(lines.filter((line) => line.length > 80), []);
  for (const { name } of CONSUME_FLAGS.flatMap(({ flags }) => flags)) {
    assert(lines.some((line) => line.includes(`--${name}`)), name);
  }
});

const DURATIONS: [ms: number, text: string][] = [
  [0.4, "0 ms"],
  [999, "999 ms"],
  [1_250, "1.3 s"],
  [59_949, "59.9 s"],
  [300_000, "5 min"],
  [7_810_000, "2 h 10 min"],
  [90_000_000, "1 d 1 h"],
];
for (const [ms, text] of DURATIONS) {
  test(`${ms} ms are shown as ${text}`, () => assertEquals(durationText(ms), text));
}

const UNUSABLE: [module: string, message: RegExp][] = [
  ["tests/fixtures/nowhere.ts", /^There is no module tests\/fixtures\/nowhere\.ts: give a path from .+, or a URL$/],
  ["tests/fixtures/app", /^There is no module tests\/fixtures\/app: did you mean tests\/fixtures\/app\.ts\?$/],
  ["tests/fixtures", /^Cannot load tests\/fixtures: it is a folder; give a module in it$/],
  [
    "tests/fixtures/empty.ts",
    /^tests\/fixtures\/empty\.ts exports no Huey instance: add one, as in export const huey = /,
  ],
  [
    "tests/fixtures/empty.ts#answer",
    /empty\.ts exports something else than a Huey instance as answer: it exports no Huey/,
  ],
  [
    "tests/fixtures/several.ts",
    /several\.ts exports several Huey instances: name one, .*#alias or .*#images or .*several\.ts#mail$/,
  ],
  ["tests/fixtures/several.ts#no", /several\.ts has no export named no: it exports .*several\.ts#alias or /],
];
for (const [module, message] of UNUSABLE) {
  test(`consume ${module} says what is wrong with the module`, async () => {
    assertMatch((await assertRejects(() => loadHuey([module]), Error)).message, message);
  });
}

test("of several instances that a module exports, #export picks one", async () => {
  assertEquals((await loadHuey(["tests/fixtures/several.ts#images"])).core.name, "images");
});

test("of several modules one exports the instance, and the others define tasks", async () => {
  const { core } = await loadHuey(["tests/fixtures/more_tasks.ts", "tests/fixtures/several.ts#mail"]);
  assertEquals([core.name, core.registry.list().map(({ name }) => name)], ["mail", ["sendMail", "sendMore"]]);
});

test("of several modules that export several instances, one has to be picked", async () => {
  const { message } = await assertRejects(
    () => loadHuey(["tests/fixtures/several.ts", "tests/fixtures/more_tasks.ts"]),
    Error,
  );
  assertMatch(message, /^tests\/fixtures\/several\.ts and .*more_tasks\.ts export several Huey instances: name one, /);
});

test("an instance is known by its shape too, as another copy of the library may have made it", async () => {
  assertEquals((await loadHuey(["tests/fixtures/foreign.ts"])).core.name, "foreign");
});

test("a command line that cannot be read ends with 2 and one line", async () => {
  await inSandbox(async (sandbox) => {
    const child = sandbox.cli("consume", APP, "-w", "many");
    assertEquals(await child.ended, 2);
    assertEquals(child.output, 'Cannot use --workers "many": give a whole number of at least 1\n');
  });
});

test("an unknown command ends with 2 and tells the one that was meant", async () => {
  await inSandbox(async (sandbox) => {
    const child = sandbox.cli("consum");
    assertEquals(await child.ended, 2);
    assertEquals(child.output, "There is no command consum: did you mean consume?\n");
  });
});

test("a module that throws ends with 1, its error and the user's part of the stack", async () => {
  await inSandbox(async (sandbox) => {
    const child = sandbox.cli("consume", "tests/fixtures/throws.ts");
    assertEquals(await child.ended, 1);
    const [first, ...frames] = child.output.trimEnd().split("\n");
    assertEquals(first, "Cannot load tests/fixtures/throws.ts: TypeError: no such server");
    assertMatch(frames[0], /^ {4}at connect .*throws\.ts:4:/);
    assertEquals(frames.filter((frame) => !frame.includes("throws.ts")), []);
  });
});

test("a module that cannot be parsed ends with 1 and the place", async () => {
  await inSandbox(async (sandbox) => {
    writeFileSync(`${sandbox.folder}/broken.ts`, "export const a = 1;\nexport const huey = ;\n");
    const child = sandbox.cli("consume", `${sandbox.folder}/broken.ts`);
    assertEquals(await child.ended, 1);
    assertMatch(child.output, /^Cannot load .*broken\.ts: /);
    assertMatch(child.output, /at .*broken\.ts:2/);
  });
});

test("the start shows what runs where and every task, 80 columns wide at most and plain if nobody looks", async () => {
  await inSandbox(async (sandbox) => {
    const { output } = await sandbox.consumer("-w", "3");
    const [greeting] = output.split("\n2");
    assertMatch(greeting, /^huey \d+\.\d+\.\d+ on (Deno|Bun|Node) \d/);
    for (const row of [/queue +shared/, /module +tests\/fixtures\/app\.ts/, /storage +sqlite/, /workers +3, async/]) {
      assertMatch(greeting, row);
    }
    for (const row of [/^ {4}passGate$/m, /^ {4}minutely +next \d{4}-\d\d-\d\d \d\d:\d\d:00 UTC, in [\d.]+ m?s$/m]) {
      assertMatch(greeting, row);
    }
    assertEquals(greeting.split("\n").filter((line) => line.length > 80), []);
    // deno-lint-ignore no-control-regex
    assertEquals(/\x1b/.test(output), false);
  });
});

test("each step of a task is logged, and neither its arguments nor the library's frames", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const { fail } = defineTasks(sandbox.folder, queue);
    const { id } = await queue.huey.enqueue(fail.s("swordfish").with({ retries: 1 }));
    const child = await sandbox.consumer("-n");
    await child.wrote("error ", 2);
    child.kill("SIGTERM");
    assertEquals(await child.ended, 0);
    const steps = child.output.split("\n").filter((line) => line.includes(id)).map((line) => line.slice(25));
    assertMatch(steps[0], /^INFO {2}executing fail \S+$/);
    assertMatch(steps[1], /^ERROR error {5}fail \S+ \d+ ms: Error: out of order$/);
    assertMatch(steps[2], /^INFO {2}retrying {2}fail \S+ at once, 0 retries left$/);
    assertMatch(steps[3], /^INFO {2}executing fail \S+ attempt 2$/);
    assertStringIncludes(child.output, "shared_tasks.ts:");
    assertEquals(/swordfish|\/src\//.test(child.output), false);
    await queue.huey.close();
  });
});

test("SIGINT lets the running task end, and the process ends with 0", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const result = await defineTasks(sandbox.folder, queue).passGate();
    const child = await sandbox.consumer("-n");
    await eventually(() => sandbox.notes().length > 0);
    child.kill("SIGINT");
    await child.wrote("SIGINT: stopping, waiting for 1 task");
    queue.openGate();
    assertEquals(await child.ended, 0);
    assertEquals(await result.get(), child.pid);
    assertEquals(sandbox.notes(), ["begun", "passed", "complete passGate"]);
    await queue.huey.close();
  });
});

test("a signal that arrives twice at once, as Ctrl-C does, counts as one", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const result = await defineTasks(sandbox.folder, queue).passGate();
    const child = await sandbox.consumer("-n");
    await eventually(() => sandbox.notes().length > 0);
    child.kill("SIGINT");
    child.kill("SIGINT");
    await child.wrote("SIGINT: stopping");
    child.kill("SIGINT");
    queue.openGate();
    assertEquals(await child.ended, 0);
    assertEquals(await result.get(), child.pid);
    await queue.huey.close();
  });
});

test("a second signal stops at once, and another consumer finishes the task that was given back", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const result = await defineTasks(sandbox.folder, queue).passGate();
    const first = await sandbox.consumer("-n");
    await eventually(() => sandbox.notes().length > 0);
    first.kill("SIGTERM");
    await first.wrote("SIGTERM: stopping");
    // An echo is ignored, so a person's second signal comes later than one.
    await new Promise((resolve) => setTimeout(resolve, 600));
    first.kill("SIGTERM");
    assertEquals(await first.ended, 143);
    assertStringIncludes(first.output, "SIGTERM again: 1 task aborted and given back");
    assertMatch(first.output, /interrupted passGate \S+ .* given back/);
    assertEquals(await queue.huey.counts(), { queued: 1, scheduled: 0, running: 0, dead: 0, results: 0 });

    queue.openGate();
    const second = await sandbox.consumer("-n");
    assertEquals(await result.get({ blocking: true, timeout: "30s" }), second.pid);
    await queue.huey.close();
  });
});

test("what outlasts the grace period is given back, and the process ends with 0", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    await defineTasks(sandbox.folder, queue).passGate();
    const child = await sandbox.consumer("-n", "--grace-period", "100ms");
    await eventually(() => sandbox.notes().length > 0);
    child.kill("SIGTERM");
    assertEquals(await child.ended, 0);
    assertEquals((await queue.huey.counts()).queued, 1);
    await queue.huey.close();
  });
});

test("SIGHUP starts again with fresh code under the same process, which leaves no orphan behind", async () => {
  await inSandbox(async (sandbox) => {
    const module = `${sandbox.folder}/app.ts`;
    const write = (name: string): void =>
      writeFileSync(
        module,
        `import { huey } from "${new URL(`./fixtures/app.ts`, import.meta.url)}";
export { huey };
huey.task("${name}", () => {});`,
      );
    const started = "Consumer of shared started, pid ";
    write("codeBefore");
    const child = sandbox.cli("consume", module, "-n");
    await child.wrote(started);
    assertStringIncludes(child.output, "codeBefore");
    write("codeAfter");
    child.kill("SIGHUP");
    await child.wrote(started, 2);
    assertStringIncludes(child.output, "SIGHUP: restarting");
    assertStringIncludes(child.output, "codeAfter");

    const below = Number(child.output.split(started)[2].split("\n")[0]);
    assert(below !== child.pid);
    child.kill("SIGKILL");
    // All that writes to the pipes is gone when the child has ended.
    assertEquals(await child.ended, "SIGKILL");
    await eventually(() => !isAlive(below));
    assertStringIncludes(child.output.split(started)[2], "Consumer of shared stopped");
  });
});

test("with --watch a source file that changes starts again, also after one that could not be loaded", async () => {
  await inSandbox(async (sandbox) => {
    const module = `${sandbox.folder}/app.ts`;
    const app = new URL(`./fixtures/app.ts`, import.meta.url);
    const write = (name: string) => {
      writeFileSync(module, `import { huey } from "${app}";\nexport { huey };\nhuey.task("${name}", () => {});`);
    };
    write("codeBefore");
    const args = ["consume", "app.ts", "-n", "--watch"];
    const child = sandbox.start("src/cli/main.ts", args, ownRuntime, {}, sandbox.folder);
    await child.wrote("Consumer of shared started");
    writeFileSync(`${sandbox.folder}/data.txt`, "not a source");
    writeFileSync(module, `throw new Error("half written");`);
    await child.wrote("Waiting for a change");
    write("codeAfter");
    await child.wrote("Consumer of shared started", 2);
    assertStringIncludes(child.output, "codeAfter");
    assert(!child.output.includes("data.txt"));
    child.kill("SIGTERM");
    assertEquals(await child.ended, 0);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a consumer that npm has started stops when the shell between them is gone, as npm ends that at SIGTERM", async () => {
  await inSandbox(async (sandbox) => {
    const flags = ownRuntime === "deno" ? "run -A" : "";
    const script = `"${process.execPath}" ${flags} src/cli/main.ts consume ${APP} -n; true`;
    const shell = sandbox.run(["sh", "-c", script], { env: { npm_command: "exec" } });
    await shell.wrote("Consumer of shared started, pid ");
    const pid = Number(/started, pid (\d+)/.exec(shell.output)![1]);
    shell.kill("SIGTERM");
    // It still holds the pipes, so the shell's end is told only after its own.
    await shell.ended;
    assertStringIncludes(shell.output, "SIGTERM: stopping");
    await eventually(() => !isAlive(pid));
  });
});

test("after SIGHUP a signal stops the fresh process, and the old one ends as it does", async () => {
  await inSandbox(async (sandbox) => {
    const child = await sandbox.consumer("-n");
    child.kill("SIGHUP");
    await child.wrote("Consumer of shared started", 2);
    child.kill("SIGTERM");
    assertEquals(await child.ended, 0);
    await child.wrote("Consumer of shared stopped", 2);
  });
});

test("an error that nobody has caught is logged, and the consumer goes on", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const { stray, echo } = defineTasks(sandbox.folder, queue);
    const child = await sandbox.consumer("-n");
    await stray();
    await child.wrote("An error that nobody has caught: Error: nobody waits for this");
    assertEquals(await (await echo("still here")).get({ blocking: true, timeout: "30s" }), "still here");
    await queue.huey.close();
  });
});

test("with -l the log goes to the file, and with -q only warnings do", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const { echo, fail } = defineTasks(sandbox.folder, queue);
    const loud = sandbox.cli("consume", APP, "-n", "-S", "-l", `${sandbox.folder}/loud.log`);
    const { id } = await echo(1);
    await eventually(() => sandbox.lines("loud.log").some((line) => line.includes("complete")));
    loud.kill("SIGTERM");
    assertEquals(await loud.ended, 0);
    assertEquals(loud.output.includes("executing"), false);
    assert(sandbox.lines("loud.log").some((line) => /^\d\d:\d\d:\d\d executing echo /.test(line) && line.endsWith(id)));

    const quiet = sandbox.cli("consume", APP, "-n", "-q", "-l", `${sandbox.folder}/quiet.log`);
    await fail("x");
    await eventually(() => sandbox.lines("quiet.log").length > 1);
    quiet.kill("SIGTERM");
    assertEquals(await quiet.ended, 0);
    assertEquals(quiet.output, "");
    assertMatch(sandbox.lines("quiet.log")[0], /Z ERROR error {5}fail /);
    await queue.huey.close();
  });
});

test("with -v it is logged, too, what is enqueued", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    const { fail } = defineTasks(sandbox.folder, queue);
    await queue.huey.enqueue(fail.s("x").with({ retries: 1 }));
    const child = await sandbox.consumer("-n", "-v");
    await child.wrote("DEBUG enqueued  fail ");
    await queue.huey.close();
  });
});

test("-L releases the locks it names, and -f all of them", async () => {
  await inSandbox(async (sandbox) => {
    const { huey } = shared(sandbox.folder);
    const { storage } = huey.core;
    for (const name of ["a", "b", "c"]) await storage.put("locks", name, "held");
    await sandbox.consumer("-n", "-L", "a,b");
    assertEquals(await storage.peek("locks", ["a", "b", "c"]), [undefined, undefined, "held"]);
    await sandbox.consumer("-n", "-f");
    assertEquals(await storage.peek("locks", ["c"]), [undefined]);
    await huey.close();
  });
});
