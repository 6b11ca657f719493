/**
 * `deno task test [--only deno|bun|node|gates|self_check] [--all] [name…]`: installs what is needed, then runs the tests
 * under each runtime, and the gates. Names pick the gates and the test files that contain one of them. What is the same
 * under each runtime and takes long is dealt among them; with `--all` each does all of it. The last line is the sum.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { command, type Ended } from "./command.ts";
import { expectedSkips } from "./expected_skips.ts";
import { isFile, readJunit, type TestCase } from "./junit.ts";
import { installProgram } from "./programs.ts";
import { findRuntimes, install, type Runtime } from "./runtimes.ts";
import { typescriptUnder } from "./source_files.ts";

/** What one gate, or one runtime, came to. `notes` are lines to print whether it went well or not. */
interface Tally {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  notes: string[];
  output?: string;
  cases?: TestCase[];
}

/** Runs commands, a few at a time: each waits about as long as it computes, and there are seldom more cores than two. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async command(...args: Parameters<typeof command>): Promise<Ended> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await command(...args);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

async function runGate(file: string): Promise<Tally> {
  const { ok, output, seconds } = await turns.command([Deno.execPath(), "run", "-A", file]);
  const name = file.slice(file.lastIndexOf("/") + 1, -".ts".length);
  const counts = { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  const notes = [...output.matchAll(/^note: (.*)/gm)].map(([, note]) => note);
  return { name, ...counts, seconds, notes, output: ok ? undefined : output };
}

async function runTests(runtime: Runtime, files: string[]): Promise<Tally> {
  const { name, program, hasBrowser } = runtime;
  // Only if there is something to wait for: who waits goes behind all others, and this one takes longest.
  const error = hasBrowser && browser && await browser;
  if (error) return failure(name, error.message);
  if (!program) return failure(name, `Install ${name === "node" ? "Node 22.18 or later" : "Bun 1"}: it is not on PATH`);
  const { processes = 1 } = runtime;
  const shares = Array.from({ length: processes }, (_, share) => files.filter((_, i) => i % processes === share));
  const runs = await Promise.all(
    shares.filter(({ length }) => length > 0).map((share) => run(runtime, program, share)),
  );
  const ok = runs.every(({ ok }) => ok);
  const output = runs.map(({ output }) => output).join("\n");
  const seconds = Math.max(...runs.map(({ seconds }) => seconds));
  const cases = runs.flatMap(({ cases }) => cases);

  const titles = (state: TestCase["state"]) => cases.filter((test) => test.state === state).map(title);
  const tally: Tally = {
    name,
    passed: titles("passed").length,
    seconds,
    cases,
    ...judge(titles("skipped"), name, "skipped"),
  };
  tally.failed += titles("failed").length;
  if (tally.failed === 0 && (!ok || tally.passed === 0)) {
    tally.failed = 1;
    tally.notes.push(ok ? "no test was run" : "no test failed, but the runtime did");
  }
  if (tally.failed > 0) tally.output = cases.length > 0 ? withoutPasses(output) : output;
  return tally;
}

/** Runs some of the files in one process. */
async function run(runtime: Runtime, program: string, files: string[]): Promise<Ended & { cases: TestCase[] }> {
  const report = Deno.makeTempFileSync({ suffix: ".xml" });
  const ended = await turns.command([program, ...runtime.args(files, report)], {
    env: { ...runtime.env, ...(values.all ? { HUEY_TEST_ALL: "1" } : {}) },
  });
  const cases = readJunit(Deno.readTextFileSync(report));
  Deno.removeSync(report);
  return { ...ended, cases };
}

/** Only to be read: what is counted is in the report. */
function withoutPasses(output: string): string {
  return output.split("\n").filter((line) => !/^\s*(\(pass\)|✔) |\.\.\. ok \(/.test(line)).join("\n");
}

function title({ path }: TestCase): string {
  return path.join(" > ");
}

function failure(name: string, ...notes: string[]): Tally {
  return { name, passed: 0, failed: notes.length, skipped: 0, seconds: 0, notes };
}

/**
 * The tests that one runtime ran and another did not. A runtime that loses a file's tests without a word (a `throw`
 * beside them, a `process.exit`) is seen by this alone. Only outermost names: Bun does not report subtests.
 */
function missing(tallies: Tally[]): Tally[] {
  const ran = tallies.filter(({ cases }) => cases?.length);
  const names = ran.map(({ cases }) => new Set(cases!.map(({ path }) => path[0]).filter((name) => !isFile(name))));
  const all = new Set(names.flatMap((set) => [...set]));
  const missed = ran.map(({ name }, i) => ({
    ...failure(name),
    ...judge([...all.difference(names[i])], name, "never ran"),
  }));
  return missed.filter(({ notes }) => notes.length > 0);
}

/** Sums up tests that did not run: those of `expected_skips.ts` by their reasons, any other as a failure. */
function judge(titles: string[], runtime: string, what: string): Pick<Tally, "failed" | "skipped" | "notes"> {
  const reason = (title: string) =>
    expectedSkips.find(({ name, runtimes }) => name.test(title) && runtimes.includes(runtime))?.reason;
  const notes: string[] = [];
  let failed = 0;
  for (const [why, tests] of Map.groupBy(titles, reason)) {
    if (why) notes.push(`${what}, as expected: ${tests.length} (${why})`);
    else {
      failed = tests.length;
      notes.push(...tests.map((test) => `${what}, not as expected_skips.ts has it: ${test}`));
    }
  }
  return { failed, skipped: titles.length - failed, notes };
}

function print(tally: Tally): Tally {
  const { name, passed, failed, skipped, seconds, notes, output, cases } = tally;
  const counts = cases ? ` ${passed} passed, ${failed} failed, ${skipped} skipped` : "";
  console.log(`${failed ? "FAILED" : "ok    "} ${name}${counts} (${seconds.toFixed(1)} s)`);
  for (const note of notes.slice(0, 20)) console.log(`       ${note}`);
  if (notes.length > 20) console.log(`       and ${notes.length - 20} more`);
  if (output) console.log(`\n${output.trim()}\n`);
  return tally;
}

const { values, positionals } = parseArgs({
  options: { only: { type: "string", multiple: true }, all: { type: "boolean", default: false } },
  allowPositionals: true,
});
const wanted = (name: string) => !values.only || values.only.includes(name);
const matches = (path: string) => positionals.length === 0 || positionals.some((part) => path.includes(part));

await install();
// That the gates themselves work is looked at only when all is run: it takes longer than they do.
const gateKind = (file: string) => file.endsWith("/self_check.ts") ? "self_check" : "gates";
const gates = typescriptUnder("scripts/gates").filter((file) => wanted(gateKind(file)) && matches(file));
const files = typescriptUnder("tests").filter((file) => file.endsWith("_test.ts") && matches(file));
const runtimes = (await findRuntimes()).filter(({ name }) => files.length > 0 && wanted(name));
// It takes long to come, and only one runtime waits for it.
const browser = runtimes.some(({ hasBrowser }) => hasBrowser)
  ? installProgram("chromium")?.catch((error: Error) => error)
  : undefined;

const turns = new Turns(4);
const jobs = [...runtimes.map((runtime) => runTests(runtime, files)), ...gates.map((file) => runGate(file))];
const ran = await Promise.all(jobs.map(async (job) => print(await job)));
const tallies = [...ran, ...missing(ran).map(print)];
if (tallies.length === 0) tallies.push(print(failure("nothing", "no gate and no test file has such a name")));

const sum = (key: "passed" | "failed" | "skipped") => tallies.reduce((total, tally) => total + tally[key], 0);
const skipped = sum("skipped");
console.log(`${sum("passed")} passed, ${sum("failed")} failed${skipped ? `, ${skipped} skipped` : ""}`);
Deno.exit(sum("failed") > 0 ? 1 : 0);
