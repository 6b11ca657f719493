import { readFileSync } from "node:fs";
import process from "node:process";

/** How often to look, in milliseconds. */
const PAUSE = 500;
/** `npx`, a shell, `deno task`: more than that do not stand between npm and us. */
const MOST = 5;

/**
 * Calls a function when npm, by which this process was started (`npx`, `npm run`), is gone, or what stands in between:
 * at SIGTERM npm ends the shell that it has started, and no more.
 */
export function onceRunnerIsGone(stop: () => void): void {
  const chain = process.env.npm_command === undefined ? [] : chainToNpm();
  if (chain.length === 0) return;
  const timer = setInterval(() => {
    if (chain.every((parent, i) => parentOf(i === 0 ? process.pid : chain[i - 1]) === parent)) return;
    clearInterval(timer);
    stop();
  }, PAUSE);
  timer.unref();
}

/** Our parent, its parent and so on, up to npm. Where there is no `/proc` only the first is known. */
function chainToNpm(): number[] {
  const chain = [process.ppid];
  while (chain.length <= MOST && !isNpm(chain.at(-1)!)) {
    const parent = parentOf(chain.at(-1)!);
    if (parent === undefined || parent <= 1) return chain.slice(0, 1);
    chain.push(parent);
  }
  return chain;
}

function isNpm(pid: number): boolean {
  return /^npm |\/npm-cli\.js|\/npx-cli\.js/.test(read(pid, "cmdline") ?? "");
}

function parentOf(pid: number): number | undefined {
  if (pid === process.pid) return process.ppid;
  // The name of the program comes before it, in parentheses, and may contain anything.
  const [, parent] = /\) \w (\d+) [^)]*$/.exec(read(pid, "stat") ?? "") ?? [];
  return parent === undefined ? undefined : Number(parent);
}

function read(pid: number, file: "cmdline" | "stat"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined;
  }
}
