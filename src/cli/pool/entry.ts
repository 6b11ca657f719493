import process from "node:process";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { isMain } from "../is_main.ts";
import { followParent } from "./watchdog.ts";
import { WorkerSide } from "./worker_side.ts";
import type { Order, Report } from "./words.ts";

/** This module: it is what a worker begins with. */
export const entry: URL = new URL(import.meta.url);

if (!isMainThread && workerData === "huey") beginAsThread();
else if (isMain(import.meta) && process.send) beginAsProcess();

function beginAsThread(): void {
  // What asks whether it is the main module is not to take this thread for the program's first.
  process.argv[1] = entry.href;
  const side = new WorkerSide((report) => parentPort!.postMessage(report), () => process.memoryUsage().heapUsed);
  parentPort!.on("message", (order: Order) => side.hear(order));
}

function beginAsProcess(): void {
  followParent();
  // The terminal and systemd tell them to every process; what they mean is for the supervisor to say.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const side = new WorkerSide((report: Report) => void process.send!(report), () => process.memoryUsage().rss);
  process.on("message", (order) => side.hear(order as Order));
}
