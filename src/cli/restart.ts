import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { relative } from "node:path";
import process from "node:process";
import { watchSources } from "./changes.ts";
import { hasLostTerminal, listenToSignals, type OsSignal } from "./os_signals.ts";
import { onceRunnerIsGone } from "./runner.ts";

/** Tells a process that this one, of that pid, restarts it. A pid, so that it means nothing to the children of the child. */
const PARENT = "HUEY_PARENT";

/**
 * The arguments this process was started with, those of the runtime included. To be asked before anything can have
 * changed the title of the process, which is kept in the same place.
 */
export function ownArguments(): string[] {
  try {
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
  } catch {
    // Not Linux. Deno does not tell its own flags; whoever may start a process may do anything, so -A adds nothing.
    return [...process.execArgv, ...(process.versions.deno ? ["run", "-A"] : []), ...process.argv.slice(1)];
  }
}

/**
 * Runs a command with the same runtime until it ends of itself, and gives its exit code. Signals are handed on to it;
 * at SIGHUP it is stopped and started again, and so it is when a source file in the folder `watched` changes. Then it
 * is also started again, at the next change, when it has failed.
 *
 * Huey replaces itself by a fresh process under the same pid (`exec`). JavaScript has no such call, and fresh code needs
 * a fresh process. So the old process, which whoever started it waits for, stays above the new one and does nothing else.
 */
export async function keepRunning(args: string[], watched?: string): Promise<number> {
  let onSignal: (signal: OsSignal) => void = () => {};
  onceRunnerIsGone(() => onSignal("SIGTERM"));
  while (true) {
    let again = false;
    let isTold = false;
    const ending = Promise.withResolvers<void>();
    const child = spawn(process.execPath, args, {
      env: { ...process.env, [PARENT]: String(process.pid) },
      // Should we be killed, its standard input ends, and it stops.
      stdio: ["pipe", "inherit", "inherit"],
    });
    const unlisten = listenToSignals(
      onSignal = (signal) => {
        again = signal === "SIGHUP" && !hasLostTerminal();
        isTold = !again;
        ending.resolve();
        send(child.pid!, signal === "SIGHUP" ? "SIGTERM" : signal);
      },
    );
    const unwatch = watched && watchSources(watched, (file) => {
      console.error(`${relative(watched, file)} has changed: restarting`);
      again = true;
      ending.resolve();
      send(child.pid!, "SIGTERM");
    });
    const code = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
      child.once("error", reject);
    });
    if (unwatch && code !== 0 && !again && !isTold) {
      console.error("Waiting for a change");
      await ending.promise;
    }
    unlisten();
    if (unwatch) unwatch();
    if (!again) return code;
  }
}

/** Whether a process above this one restarts it. */
export function isKept(): boolean {
  return process.env[PARENT] === String(process.ppid);
}

/** Has the process above this one restart it. */
export function askParentToRestart(): void {
  send(process.ppid, "SIGHUP");
}

/** Calls a function when the process above this one is gone. */
export function onceParentIsGone(stop: () => void): void {
  process.stdin.once("end", stop).once("error", stop).resume();
}

/** Not `child.kill`, after which Deno closes the child's standard input and says that the signal has ended it. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
