import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findRuntimes, type Runtime } from "../runtimes.ts";
import type { Contender } from "./contender.ts";
import { type Answer, MARK, type Order } from "./order.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FLAGS: Record<Runtime["name"], string[]> = {
  node: ["--expose-gc", "--disable-warning=ExperimentalWarning", "--import=./scripts/resolve_node.ts"],
  bun: ["--preload=./scripts/resolve_bun.ts"],
  deno: ["run", "-A", "--no-check"],
};

/** A contender in a process of its own, which lives through all rounds: what it has warmed up stays warm. */
export class Measurer {
  readonly #child: ChildProcess;
  #onAnswer: (answer: Answer) => void = () => {};

  /** `index` is that of the contender. */
  constructor(index: number, program: string, runtime: Runtime["name"], root = ROOT) {
    const script = "scripts/bench/measuring_process.ts";
    this.#child = spawn(program, [...FLAGS[runtime], script, `${index}`], {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      if (line.startsWith(MARK)) this.#onAnswer(JSON.parse(line.slice(MARK.length)));
    });
    this.#child.on("exit", () => this.#onAnswer({ error: "The process has ended" }));
  }

  /** Starts the process of a contender, under its runtime. */
  static async start(contender: Contender, index: number): Promise<Measurer> {
    const wanted = contender.runtime ?? "node";
    const runtime = (await findRuntimes()).find(({ name }) => name === wanted);
    if (!runtime?.program) throw new Error(`Cannot measure ${contender.name}: there is no ${wanted}`);
    return new Measurer(index, runtime.program, wanted, contender.root);
  }

  /** Measures once; a row that the contender cannot do is undefined. */
  async measure(order: Order): Promise<(number | undefined)[]> {
    const answered = new Promise<Answer>((resolve) => this.#onAnswer = resolve);
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`);
    const { values, error } = await answered;
    if (!values) throw new Error(error);
    return values.map((value) => value ?? undefined);
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await ended;
  }
}
