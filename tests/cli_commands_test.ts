import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { toArgument } from "../src/cli/arguments.ts";
import { readCommandLine, UsageError } from "../src/cli/command_line.ts";
import { crontab, every } from "../mod.ts";
import { harmless, toPlain } from "../src/cli/output.ts";
import { Progress } from "../src/cli/progress.ts";
import { eventually } from "./eventually.ts";
import { defineTasks, shared } from "./fixtures/shared_tasks.ts";
import { inSandbox, type Sandbox } from "./sandbox.ts";

/** How a command ended, and what it wrote. */
interface Told {
  code: number;
  out: string;
  err: string;
}

/** Runs commands; a space parts their words, and APP is the module. */
async function run(sandbox: Sandbox, ...commands: (string | string[])[]): Promise<Told[]> {
  const words = commands.map((command) => typeof command === "string" ? command.split(" ") : command);
  const child = sandbox.start("tests/fixtures/cli_session.ts", [JSON.stringify(words)]);
  assertEquals(await child.ended, 0, child.output);
  return JSON.parse(child.output.slice(child.output.lastIndexOf("\n[{") + 1));
}

const NAMES = ["drain", "status", "tasks", "enqueue", "result", "schedule", "cancel", "dead", "flush", "dashboard"];

test("each command has a help of 80 columns at most, with its flags, examples and exit codes", async () => {
  await inSandbox(async (sandbox) => {
    const [all, ...helps] = await run(sandbox, "--help", ...NAMES.map((name) => `${name} --help`));
    helps.forEach(({ code, out }, i) => {
      assertStringIncludes(all.out, `  ${NAMES[i]} `);
      assertEquals(code, 0);
      assertEquals(out.split("\n").filter((line) => line.length > 80), []);
      for (const part of [`Usage: huey ${NAMES[i]} module`, "--json", `  huey ${NAMES[i]} main.ts`, "\n  0  done"]) {
        assertStringIncludes(out, part);
      }
    });
  });
});

test("a task is called, seen, run, and its result shown, with arguments that are JSON or text", async () => {
  await inSandbox(async (sandbox) => {
    const [enqueued, listed, hidden, counted, drained] = await run(
      sandbox,
      ["enqueue", "APP", "echo", '{"a":[-1]}', "--priority", "5", "--id", "mine"],
      "tasks APP --args --json",
      "tasks APP",
      "status APP --json",
      "drain APP --json",
    );
    assertEquals(enqueued, { code: 0, out: "mine", err: "" });
    const [task] = JSON.parse(listed.out);
    assertEquals(task, {
      state: "queued",
      id: "mine",
      name: "echo",
      attempt: 1,
      priority: 5,
      retries: 0,
      args: [{ a: [-1] }],
    });
    assertMatch(hidden.out, /STATE +NAME +ID +ATTEMPT\nqueued +echo +mine +1/);
    assertEquals(JSON.parse(counted.out).queued, 1);
    assertEquals(JSON.parse(drained.out).failed, 0);

    const [text, json, waited, none] = await run(
      sandbox,
      "result APP mine",
      "result APP mine --json",
      "result APP nobody --timeout 1ms",
      "enqueue APP echo 1 --timeout 1ms",
    );
    assertEquals(text, { code: 0, out: "{ a: [ -1 ] }", err: "" });
    const { status, value } = JSON.parse(json.out);
    assertEquals({ status, value }, { status: "complete", value: { a: [-1] } });
    assertEquals([waited.code, waited.out], [4, ""]);
    assertStringIncludes(waited.err, "Task nobody is not known");
    assertEquals([none.code, none.out], [4, ""]);
    assertStringIncludes(none.err, "has not ended in time: is there a consumer?");
  });
});

test("a failure, a cancellation and a dead letter each have their exit code, and can be dealt with", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, ...rest } = shared(sandbox.folder);
    const { echo, fail } = defineTasks(sandbox.folder, { huey, ...rest });
    const lost = huey.task("lost", () => {});
    await huey.enqueue([fail.s("swordfish").with({ id: "failing" }), echo.s(1).with({ id: "waiting", delay: "1h" })]);
    await huey.enqueue([lost.s().with({ id: "lost1" }), lost.s().with({ id: "lost2" })]);
    await huey.close();

    const told = await run(
      sandbox,
      "drain APP",
      "result APP failing",
      "result APP waiting",
      "cancel APP waiting nobody",
      "result APP waiting",
      "dead APP --json",
      "dead APP retry lost1 failing",
      "dead APP delete lost2",
      "status APP --json",
      "drain APP",
      "dead APP retry --all",
      "flush APP all --yes",
      "status APP --json",
    );
    assertEquals(told.map(({ code }) => code), [0, 3, 4, 4, 3, 0, 4, 0, 0, 0, 0, 0, 0]);
    assertMatch(told[0].out, /executed +[1-9]/);
    assertStringIncludes(told[1].err, "Task failing has failed: Error: out of order");
    assertEquals(told[1].out, "");
    assertStringIncludes(told[2].err, "Task waiting is scheduled");
    assertEquals(told[3].out, "waiting  canceled\nnobody  not there");
    assertStringIncludes(told[4].err, "it is canceled");
    assertEquals(JSON.parse(told[5].out).map(({ id }: { id: string }) => id).sort(), ["lost1", "lost2"]);
    assertStringIncludes(JSON.parse(told[5].out)[0].reason, 'there is no task named "lost"');
    assertEquals([told[6].out, told[6].err], ["1 dead letter put back into the queue", "failing is no dead letter"]);
    assertEquals(told[7].out, "1 dead letter deleted");
    const before = JSON.parse(told[8].out);
    assertEquals([before.queued, before.dead], [1, 0]);
    assertEquals(told[10].out, "1 dead letter put back into the queue");
    const after = JSON.parse(told[12].out);
    assertEquals([after.queued, after.scheduled, after.dead, after.results], [0, 0, 0, 0]);
  });
});

test("the next runs of periodic tasks, and of schedules made at run time, are shown", async () => {
  await inSandbox(async (sandbox) => {
    const { huey, ...rest } = shared(sandbox.folder);
    const { echo } = defineTasks(sandbox.folder, { huey, ...rest });
    await huey.schedules.put("yearly", crontab("0 0 1 1 *", { timeZone: "Asia/Tokyo" }), echo.s(1));
    await huey.schedules.put("resting", every("1h"), echo.s(2));
    await huey.schedules.pause("resting");
    await huey.close();
    const [text, json] = await run(sandbox, "schedule APP", "schedule APP -n 3 --json");
    const [titles, first, second, third] = text.out.split("\n");
    assertMatch(titles, /^NAME +TASK +ZONE +NEXT RUN$/);
    assertMatch(first, /^minutely +minutely +UTC +\d{4}-\d\d-\d\dT\d\d:\d\d:00Z, in [\d.]+ m?s$/);
    assertMatch(second, /^yearly +echo +Asia\/Tokyo +\d{4}-12-31T15:00:00Z, in /);
    assertMatch(third, /^resting +echo +UTC +paused$/);
    const [{ name, at }] = JSON.parse(json.out);
    assertEquals([name, at.length], ["minutely", 3]);
    assertEquals(Date.parse(at[2]) - Date.parse(at[1]), 60_000);
  });
});

test("a drain that is interrupted gives back what it runs, and ends with the code of the signal", async () => {
  await inSandbox(async (sandbox) => {
    const queue = shared(sandbox.folder);
    await defineTasks(sandbox.folder, queue).passGate();
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const begun = sandbox.notes().length;
      const child = sandbox.cli("drain", "tests/fixtures/app.ts");
      await eventually(() => sandbox.notes().length > begun);
      child.kill(signal);
      assertEquals(await child.ended, code);
      assertStringIncludes(child.output, "stopped by  signal");
      assertEquals((await queue.huey.counts()).queued, 1);
    }
    await queue.huey.close();
  });
});

test("the dashboard is served to whoever knows the password, shows changes, and ends at a signal", async () => {
  await inSandbox(async (sandbox) => {
    const child = sandbox.cli("dashboard", "tests/fixtures/app.ts", "--port", "0", "--read-only");
    await child.wrote("/\n");
    const { origin, username, password } = new URL(/http:\S+/.exec(child.output)![0]);
    assertEquals([username, password.length], ["huey", 32]);
    const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
    const status = async (init?: RequestInit): Promise<number> => {
      const response = await fetch(`${origin}/tasks`, init);
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await status(), await status({ headers })], [401, 200]);
    assertStringIncludes(await (await fetch(`${origin}/`, { headers })).text(), "shared");
    const posted = { method: "POST", headers: { ...headers, "sec-fetch-site": "same-origin" } };
    assertEquals(await status(posted), 403);
    const events = (await fetch(`${origin}/events`, { headers })).body!.getReader();
    assertStringIncludes(new TextDecoder().decode((await events.read()).value), "event: hello");

    const other = sandbox.cli("dashboard", "tests/fixtures/app.ts", "--port", new URL(origin).port);
    assertEquals(await other.ended, 1);
    assertStringIncludes(other.output, "(EADDRINUSE): give another --port or --host");
    child.kill("SIGTERM");
    assertEquals(await child.ended, 0);
    await events.cancel().catch(() => {});
  });
});

const REFUSED: [command: string, message: string][] = [
  ["status", 'Name the module that exports your Huey instance first, as in "huey status main.ts"'],
  ["statsu APP", "There is no command statsu: did you mean status?"],
  ["status APP --jsn", "There is no flag --jsn: did you mean --json?"],
  ["status APP more", 'Give the module alone: "more" is too much'],
  ["enqueue APP", "Give the name of the task to call"],
  ["enqueue APP ecko 1", "There is no task named ecko: did you mean echo?"],
  ["enqueue APP echo 1 --delay 1h --eta 2026-12-24T18:00Z", "Give --delay or --eta, not both"],
  [
    "enqueue APP echo 1 --eta tomorrow",
    'Cannot use --eta "tomorrow": give a date with time and zone, as in 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00',
  ],
  ["result APP", "Give the id of the task, as huey enqueue and huey tasks show it"],
  ["tasks APP --state done", 'Cannot use --state "done": give running, queued, scheduled or dead'],
  ["dead APP retry", "Give the ids of those to retry, or --all"],
  ["dead APP retry a --all", "Give the ids of those to retry, or --all"],
  ["dead APP delte a", "Cannot delte dead letters: did you mean delete?"],
  ["cancel APP", "Give the ids of the tasks to cancel"],
  ["flush APP", "Say what to remove: queue, schedule, results, locks, dead, all"],
  ["flush APP result", "Cannot flush result: did you mean results?"],
];

test("what cannot be read is refused with exit code 2 and one line, and a module that is not there with 1", async () => {
  await inSandbox(async (sandbox) => {
    const told = await run(sandbox, ...REFUSED.map(([command]) => command), "status nowhere.ts");
    REFUSED.forEach(([, err], i) => assertEquals(told[i], { code: 2, out: "", err }));
    assertEquals(told.at(-1)!.code, 1);
    assertStringIncludes(told.at(-1)!.err, "There is no module nowhere.ts");
  });
});

test("a process ends with the code of its command, and removes nothing without a yes where nobody can be asked", async () => {
  await inSandbox(async (sandbox) => {
    const child = sandbox.cli("flush", "tests/fixtures/app.ts", "all");
    assertEquals(await child.ended, 2);
    assertStringIncludes(child.output, "There is nobody to ask: give --yes to go on");
  });
});

const ARGUMENTS: [typed: string, value: unknown][] = [
  ["3", 3],
  ["-1.5", -1.5],
  ["true", true],
  ["null", null],
  ['{"a":[1]}', { a: [1] }],
  ['"3"', "3"],
  ["hello", "hello"],
  ["007", "007"],
  ["2026-12-24", "2026-12-24"],
  ["", ""],
  ["{a", "{a"],
];

for (const [typed, value] of ARGUMENTS) {
  test(`the argument ${typed || "of no letters"} is ${JSON.stringify(value)}`, () => {
    assertEquals(toArgument(typed), value);
  });
}

test("a number that would come out as another one is refused", () => {
  for (const typed of ["12345678901234567890", "1e999"]) assertThrows(() => toArgument(typed), UsageError, typed);
});

test("a word that is a negative number is no flag, and after -- nothing is", () => {
  const known = [{ name: "delay", value: "TIME", about: "" }, { name: "all", short: "a", about: "" }];
  const line = readCommandLine(["add", "-12", "-.5", "--delay", "3", "-a", "--", "--all", "-b"], known);
  assertEquals(line.words, ["add", "-12", "-.5", "--all", "-b"]);
  assertEquals([...line.flags], [["delay", "3"], ["all", ""]]);
});

test("a value that JSON has not is written as what is nearest to it", () => {
  const circle: { self?: object } = {};
  circle.self = circle;
  const value = {
    at: new Date(0),
    n: 1n,
    m: new Map([["a", new Set([1])]]),
    bytes: new Uint8Array([1]),
    no: undefined,
  };
  assertEquals(toPlain(value), { at: "1970-01-01T00:00:00.000Z", n: "1", m: [["a", [1]]], bytes: [1], no: null });
  assertEquals(toPlain(circle), { self: "[a circle]" });
});

test("what others have put into the queue cannot steer the terminal", () => {
  assertEquals(harmless("a\x1b[2Jb\rc\nd"), "ab�c�d");
});

test("a bar is drawn where there is a terminal, within its width, and taken away at the end", () => {
  let now = 0;
  const written: string[] = [];
  const draw = (isTTY: boolean): Progress =>
    new Progress("draining", 10, {
      terminal: { isTTY, columns: 60, write: (text) => written.push(text) },
      now: () => now += 1_000,
    });
  const seen = draw(true);
  seen.add(5);
  assertMatch(written[0], /draining █{15}░{15} 5 of 10, /);
  assert(written[0].length <= 60 + "\r\x1b[K".length);
  seen.end();
  assertEquals(written.at(-1), "\r\x1b[K");
  written.length = 0;
  const unseen = draw(false);
  unseen.add(5);
  unseen.end();
  assertEquals(written, []);
});
