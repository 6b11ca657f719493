import { closeSync, openSync } from "node:fs";
import process from "node:process";

/** What a process is told from outside. */
export type OsSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const SIGNALS: OsSignal[] = process.platform === "win32" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * One Ctrl-C arrives more than once: the terminal sends SIGINT to the whole group of processes, and `deno task` or the
 * process above us hands its own on. Nobody presses twice as fast as this, in milliseconds.
 */
const ECHO = 500;

/** Calls a handler at each signal, but not at the echo of one. Gives the function that ends that. */
export function listenToSignals(handler: (signal: OsSignal) => void): () => void {
  const handled = new Map<OsSignal, number>();
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => {
      const now = performance.now();
      if (now - (handled.get(signal) ?? -Infinity) < ECHO) return;
      handled.set(signal, now);
      handler(signal);
    },
  }));
  for (const { signal, listener } of listeners) process.on(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}

/** What a shell says of a process that a signal has ended. */
export function exitCode(signal: OsSignal): number {
  return 128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal];
}

/**
 * Whether the SIGHUP says that the terminal is gone, for which it was made, and not that we shall start again. A process
 * that went on then would run on unseen.
 */
export function hasLostTerminal(): boolean {
  if (!process.stderr.isTTY) return false;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}
