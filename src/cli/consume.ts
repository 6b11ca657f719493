import process from "node:process";
import { getLogger, type Logger } from "@logtape/logtape";
import { Consumer } from "../consumer.ts";
import { describeError } from "../errors.ts";
import type { Huey } from "../huey.ts";
import { type ConsumeOptions, readConsumeArguments, readConsumeOptions } from "./consume_options.ts";
import { greeting } from "./greeting.ts";
import { consumeHelpText } from "./help.ts";
import { loadHuey } from "./load.ts";
import { configureLog, type LogPlace, ownLogPlace } from "./log.ts";
import { exitCode, hasLostTerminal, listenToSignals, type OsSignal } from "./os_signals.ts";
import { openPool } from "./pool/pool.ts";
import { askParentToRestart, isKept, keepRunning, onceParentIsGone, ownArguments } from "./restart.ts";
import { onceRunnerIsGone } from "./runner.ts";
import { userFrames } from "./stack.ts";
import { logTasks } from "./task_log.ts";
import { version } from "./version.ts";

/** `huey consume`: runs the tasks of a module until it is told to stop. Gives the exit code. */
export async function consume(args: string[]): Promise<number> {
  const line = readConsumeArguments(args);
  if (line.flags.has("help")) return print(consumeHelpText());
  if (line.flags.has("version")) return print(version);
  const options = readConsumeOptions(line);
  const again = ownArguments();

  if (options.isWatched && !isKept()) return await keepRunning(again, process.cwd());
  const huey = await loadHuey(options.modules);
  const place = ownLogPlace();
  await configureLog(options.log, place);
  const log = getLogger(["huey", "cli"]);
  surviveStrayErrors(log);
  const consumer = createConsumer(huey, options, place);
  for (const name of options.extraLocks) await huey.core.storage.delete("locks", name);
  logTasks(huey);
  if (options.log.level !== "warning") console.error(greeting(huey, options));

  const stopping = new Stopping(consumer, log);
  const unlisten = listenToSignals((signal) => stopping.onSignal(signal));
  if (isKept()) onceParentIsGone(() => stopping.onSignal("SIGTERM"));
  else onceRunnerIsGone(() => stopping.onSignal("SIGTERM"));
  await consumer.start();
  log.info("Consumer of {queue} started, pid {pid}", { queue: huey.core.name, pid: process.pid });
  await stopping.done;
  await huey.close();
  log.info("Consumer of {queue} stopped", { queue: huey.core.name });
  unlisten();
  return stopping.isRestart ? await keepRunning(again) : stopping.code;
}

/** Workers apart log as this process does. */
function createConsumer(huey: Huey, { modules, consumer, log }: ConsumeOptions, { columns }: LogPlace): Consumer {
  if (consumer.kind === undefined || consumer.kind === "async") return huey.createConsumer(consumer);
  const isSent = consumer.kind === "thread";
  const pool = openPool(huey.core, { ...consumer, modules }, { options: log, columns, isSent });
  return new Consumer(huey.core, consumer, pool);
}

function print(text: string): number {
  console.log(text);
  return 0;
}

/** An error that nobody waits for, in one task, must not end the others. */
function surviveStrayErrors(log: Logger): void {
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error: unknown) => {
      log.error("An error that nobody has caught: {error}", { error: describeError(error), frames: userFrames(error) });
    });
  }
}

/** How a consumer is stopped by signals. */
class Stopping {
  /** What the process ends with. */
  code = 0;
  /** Whether it shall start again once it has stopped. */
  isRestart = false;
  /** Resolves once it has stopped. */
  readonly done: Promise<void>;
  readonly #resolve: (stopped: Promise<void>) => void;
  readonly #consumer: Consumer;
  readonly #log: Logger;
  #requests = 0;

  constructor(consumer: Consumer, log: Logger) {
    this.#consumer = consumer;
    this.#log = log;
    ({ promise: this.done, resolve: this.#resolve } = Promise.withResolvers<void>());
  }

  onSignal(signal: OsSignal): void {
    // A terminal has just written ^C, where our next line is to begin.
    if (signal === "SIGINT" && process.stderr.isTTY) process.stderr.write("\r");
    if (signal === "SIGHUP" && !hasLostTerminal()) return this.#restart();
    this.isRestart = false;
    this.#requests++;
    if (this.#requests === 1) return this.#stop(signal, "stopping");
    // Not even the storage is waited for: what is still in hands comes back when its lease lapses.
    if (this.#requests > 2) process.exit(exitCode(signal));
    this.code = exitCode(signal);
    this.#log.warn("{signal} again: {tasks} aborted and given back", { signal, tasks: this.#tasks() });
    void this.#consumer.stop({ graceful: false });
  }

  #restart(): void {
    if (isKept()) return askParentToRestart();
    if (this.#requests > 0 || this.isRestart) return;
    this.isRestart = true;
    this.#stop("SIGHUP", "restarting");
  }

  #stop(signal: OsSignal, what: string): void {
    this.#log.info(`{signal}: ${what}${this.#consumer.busy > 0 ? ", waiting for {tasks}" : ""}`, {
      signal,
      tasks: this.#tasks(),
    });
    this.#resolve(this.#consumer.stop());
  }

  #tasks(): string {
    const { busy } = this.#consumer;
    return busy === 1 ? "1 task" : `${busy} tasks`;
  }
}
