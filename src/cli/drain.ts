import type { DrainOptions } from "../drain.ts";
import { type Call, type Command, DONE, expectWords, queueCommand } from "./command.ts";
import { readFlag, toDuration, toWholeNumber } from "./flag_values.ts";
import { exitCode, listenToSignals, type OsSignal } from "./os_signals.ts";
import { pairs, say, sayJson } from "./output.ts";
import { Progress } from "./progress.ts";

/** `huey drain`: runs what is ready, once. */
export const drain: Command = queueCommand({
  name: "drain",
  about: "run what is ready, once",
  usage: "",
  text: `Runs what is ready, once, within a budget, and tells what it did: for a cron
job, for a container that ends, or to try something out.

A signal (Ctrl-C) ends it: what is running is aborted and given back.`,
  flags: [
    { name: "max-tasks", value: "N", about: "begin N tasks at most (100)" },
    { name: "budget", value: "TIME", about: "go on for so long at most (25s)" },
    { name: "max-requests", value: "N", about: "send N requests to the storage at most (any number)" },
    { name: "concurrency", value: "N", about: "run N tasks at once (10)" },
  ],
  examples: [
    ["main.ts", "one batch"],
    ["main.ts --budget 5m --max-tasks 9999", "a long one"],
    ["main.ts --json | jq .failed", "how many failed for good"],
  ],
  exitCodes: [[130, "ended by SIGINT; 143: by SIGTERM"]],
  check: ({ words, flags }) => {
    expectWords(words, 0, "the module alone");
    readOptions(flags);
  },
  run: drainOnce,
});

function readOptions(flags: Map<string, string>): DrainOptions {
  return {
    maxTasks: readFlag(flags, "max-tasks", toWholeNumber),
    budget: readFlag(flags, "budget", toDuration),
    maxRequests: readFlag(flags, "max-requests", toWholeNumber),
    concurrency: readFlag(flags, "concurrency", toWholeNumber),
  };
}

async function drainOnce({ huey, flags }: Call): Promise<number> {
  const options = readOptions(flags);
  const stopping = new AbortController();
  let stoppedBy: OsSignal | undefined;
  const unlisten = listenToSignals((signal) => {
    stoppedBy ??= signal;
    stopping.abort();
  });
  const { storage } = huey.core;
  const ready = (await storage.counts(huey.core.storageTime(), { results: false })).queued;
  const progress = new Progress("draining", Math.min(ready, options.maxTasks ?? 100));
  const unwatch = huey.postExecute(() => progress.add());
  try {
    const report = await huey.drain({ ...options, signal: stopping.signal });
    progress.end();
    if (flags.has("json")) sayJson(report);
    else say(pairs(Object.entries({ ...report, stoppedBy: undefined, "stopped by": report.stoppedBy })));
  } finally {
    progress.end();
    unwatch();
    unlisten();
  }
  return stoppedBy ? exitCode(stoppedBy) : DONE;
}
