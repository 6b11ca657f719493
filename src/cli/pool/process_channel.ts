import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Channel } from "./channel.ts";
import type { Order, Report } from "./words.ts";

/** What is said last may be heard after the end, but not much later. In milliseconds. */
const LAST_WORDS = 1_000;
/** The same of one that was killed here. Deno does not tell its end on a pipe in which it has left an order unread. */
const LAST_WORDS_OF_KILLED = 50;

/** Starts processes that run a module with the flags of the runtime that this process has. */
export function processes(entry: URL, flags: string[]): (onReport: (report: Report) => void) => Channel {
  return (onReport) => new ProcessChannel(entry, flags, onReport);
}

/** A process, and the pipe to it. */
class ProcessChannel implements Channel {
  readonly name: string;
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  #isKilled = false;
  #isOver = false;

  constructor(entry: URL, flags: string[], onReport: (report: Report) => void) {
    const script = entry.protocol === "file:" ? fileURLToPath(entry) : entry.href;
    this.#child = spawn(process.execPath, [...flags, script], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (report) => onReport(report as Report));
    this.name = `pid ${this.#child.pid}`;
    // Should we end without a word, as after a third Ctrl-C, it must not outlive us.
    const kill = (): void => this.kill();
    process.once("exit", kill);
    this.ended = this.#end().finally(() => process.off("exit", kill));
  }

  send(order: Order): void {
    // It may be gone without our having heard of it.
    if (this.#child.connected) this.#child.send(order, () => {});
  }

  /** Not `ChildProcess.kill`, after which Deno says another signal has ended it. */
  kill(): void {
    if (this.#isOver) return;
    this.#isKilled = true;
    try {
      process.kill(this.#child.pid!, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }

  async #end(): Promise<string> {
    const child = this.#child;
    const closed = new Promise<void>((resolve) => child.once("disconnect", resolve));
    const how = await new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
      child.once("error", (error) => resolve(`${error.name}: ${error.message}`));
    });
    this.#isOver = true;
    if (child.connected) {
      const patience = this.#isKilled ? LAST_WORDS_OF_KILLED : LAST_WORDS;
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, patience).unref())]);
    }
    // What it has said last may have been read, and not yet been told.
    await new Promise((resolve) => setImmediate(resolve));
    return how;
  }
}
