import { Worker } from "node:worker_threads";
import type { Channel } from "./channel.ts";
import type { Order, Report } from "./words.ts";

/** Starts threads that run a module. */
export function threads(entry: URL): (onReport: (report: Report) => void) => Channel {
  return (onReport) => new ThreadChannel(entry, onReport);
}

/** A thread, and the port to it. */
class ThreadChannel implements Channel {
  readonly name: string;
  readonly ended: Promise<string>;
  readonly #worker: Worker;

  constructor(entry: URL, onReport: (report: Report) => void) {
    // Without limits of memory: Node ends a thread alone that runs out of it, Bun knows no such limit, and Deno's makes
    // some threads hang instead of ending them.
    this.#worker = new Worker(entry, { workerData: "huey" });
    this.#worker.on("message", (report: Report) => onReport(report));
    this.name = `thread ${this.#worker.threadId}`;
    let why: string | undefined;
    this.#worker.once(
      "error",
      (error: Error & { code?: string }) => why = error.code ?? `${error.name}: ${error.message}`,
    );
    this.ended = new Promise((resolve) => this.#worker.once("exit", (code) => resolve(why ?? `code ${code}`)));
  }

  send(order: Order): void {
    this.#worker.postMessage(order);
  }

  kill(): void {
    void this.#worker.terminate();
  }
}
