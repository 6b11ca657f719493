import process from "node:process";
import { Worker } from "node:worker_threads";

/** How soon, in milliseconds, a worker follows its supervisor, even if it is in the middle of a loop. */
const PAUSE = 250;

/**
 * Ends this process when the one that started it is gone. A thread of its own looks, since a task that computes without
 * end keeps this one from hearing anything.
 */
export function followParent(): void {
  const source = `
    const process = require("node:process");
    const parent = ${process.ppid};
    setInterval(() => process.ppid === parent || process.kill(process.pid, "SIGKILL"), ${PAUSE});`;
  new Worker(source, { eval: true }).unref();
  // Much sooner, if it is not in a loop.
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
}
