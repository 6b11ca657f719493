import { existsSync } from "node:fs";
import process from "node:process";
import type { ConsumerOptions } from "../consumer.ts";
import type { WorkerKind } from "../worker_kinds.ts";
import { type CommandLine, type Flag, readCommandLine, UsageError } from "./command_line.ts";
import { readFlag, toDuration, toFactor, toOneOf, toPositiveDuration, toWholeNumber } from "./flag_values.ts";
import type { LogOptions } from "./log.ts";

/** What `huey consume` was asked to do. */
export interface ConsumeOptions {
  /** As they were typed: paths or URLs, with `#export` where there are several instances. */
  modules: string[];
  /** Whether to start again when a source file changes. */
  isWatched: boolean;
  consumer: ConsumerOptions;
  /** Locks to release before the start. */
  extraLocks: string[];
  log: LogOptions;
}

/** The flags of `huey consume`, in the groups of its help. Names, letters and defaults are Huey's. */
export const CONSUME_FLAGS: { title: string; flags: Flag[] }[] = [
  {
    title: "Workers",
    flags: [
      { name: "workers", short: "w", value: "N", about: "how many workers (1); each runs one task at a time" },
      {
        name: "worker-type",
        alias: "kind",
        short: "k",
        value: "KIND",
        about: "async (the default; greenlet means the same), thread or process",
      },
      {
        name: "concurrency",
        value: "N",
        about: "how many tasks each thread or process runs at once (1)",
      },
      { name: "max-tasks", short: "M", value: "N", about: "start a worker afresh after N tasks (never)" },
      {
        name: "max-memory",
        value: "MB",
        about: "start a thread or process afresh when it uses more megabytes (never)",
      },
      {
        name: "grace-period",
        value: "TIME",
        about: "how long running tasks may go on after a signal to stop, before they are aborted and given back (30s)",
      },
      {
        name: "health-check-interval",
        short: "c",
        value: "TIME",
        about: "how often to see that idle threads and processes answer (10)",
      },
      {
        name: "disable-health-check",
        short: "C",
        about: "do not; one that ends is replaced at once all the same",
      },
    ],
  },
  {
    title: "Schedules",
    flags: [
      { name: "no-periodic", short: "n", about: "leave periodic tasks to other consumers" },
      { name: "scheduler-interval", short: "s", value: "TIME", about: "how often to look at the schedules (1)" },
    ],
  },
  {
    title: "Storage",
    flags: [
      { name: "flush-locks", short: "f", about: "release all locks at the start" },
      { name: "extra-locks", short: "L", value: "A,B", about: "release these locks at the start" },
      {
        name: "delay",
        short: "d",
        value: "TIME",
        about: "how long to wait after the first look in vain, where the storage cannot wake us (1)",
      },
      { name: "max-delay", short: "m", value: "TIME", about: "how long to wait at most (10)" },
      { name: "backoff", short: "b", value: "N", about: "what the wait is multiplied with each time (2)" },
    ],
  },
  {
    title: "Log",
    flags: [
      { name: "logfile", short: "l", value: "FILE", about: "log to a file, and not to the terminal" },
      { name: "verbose", short: "v", about: "log everything" },
      { name: "quiet", short: "q", about: "log warnings and errors only" },
      { name: "simple", short: "S", about: "log the time of day and the message only" },
    ],
  },
  {
    title: "Other",
    flags: [
      { name: "watch", about: "start again when a source file below this folder changes" },
      { name: "help", short: "h", about: "show this" },
      { name: "version", about: "show the version" },
    ],
  },
];

const KINDS: Record<string, WorkerKind> = { async: "async", greenlet: "async", thread: "thread", process: "process" };

/** What is consumed if nothing is named: so the repository's own `deno task consume` has something to show. */
const DEFAULT_MODULE = "examples/app.ts";

/** Takes the arguments of `huey consume` apart. */
export function readConsumeArguments(args: string[]): CommandLine {
  return readCommandLine(args, CONSUME_FLAGS.flatMap(({ flags }) => flags));
}

/**
 * The options of `huey consume`, checked.
 *
 * @throws {UsageError} for a value that cannot be, and if no module is named.
 */
export function readConsumeOptions({ words, flags }: CommandLine): ConsumeOptions {
  const isLoud = flags.has("verbose");
  if (isLoud && flags.has("quiet")) throw new UsageError("Give --verbose or --quiet, not both");
  return {
    modules: words.length > 0 ? words : [defaultModule()],
    isWatched: flags.has("watch"),
    consumer: {
      workers: readFlag(flags, "workers", toWholeNumber),
      kind: readFlag(flags, "worker-type", toKind),
      concurrency: readFlag(flags, "concurrency", toWholeNumber),
      maxTasks: readFlag(flags, "max-tasks", toWholeNumber),
      maxMemory: readFlag(flags, "max-memory", toWholeNumber),
      gracePeriod: readFlag(flags, "grace-period", toDuration),
      healthCheckInterval: flags.has("disable-health-check") ? 0 : readFlag(flags, "health-check-interval", toDuration),
      periodic: !flags.has("no-periodic"),
      schedulerInterval: readFlag(flags, "scheduler-interval", toPositiveDuration),
      flushLocks: flags.has("flush-locks"),
      initialDelay: readFlag(flags, "delay", toDuration),
      maxDelay: readFlag(flags, "max-delay", toDuration),
      backoff: readFlag(flags, "backoff", toFactor),
    },
    extraLocks: readFlag(flags, "extra-locks", (text) => text.split(",").map((name) => name.trim()).filter(Boolean)) ??
      [],
    log: {
      level: isLoud ? "debug" : flags.has("quiet") ? "warning" : "info",
      format: flags.has("simple") ? "simple" : "full",
      file: flags.get("logfile"),
    },
  };
}

function defaultModule(): string {
  if (existsSync(DEFAULT_MODULE)) return DEFAULT_MODULE;
  throw new UsageError(
    `Name the module that exports your Huey instance, as in "huey consume main.ts": there is none in ${process.cwd()}`,
  );
}

function toKind(text: string, name: string): WorkerKind {
  return KINDS[toOneOf(["async", "greenlet", "thread", "process"])(text, name)];
}
