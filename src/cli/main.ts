/**
 * The command line.
 *
 * ```sh
 * deno run -A jsr:@hq/huey/cli consume ./main.ts
 * ```
 *
 * @module
 */
import process from "node:process";
import { HueyError } from "../errors.ts";
import { cancel } from "./cancel.ts";
import type { Command } from "./command.ts";
import { closest, UsageError } from "./command_line.ts";
import { consume } from "./consume.ts";
import { dashboard } from "./dashboard.ts";
import { dead } from "./dead.ts";
import { drain } from "./drain.ts";
import { enqueue } from "./enqueue.ts";
import { flush } from "./flush.ts";
import { helpText } from "./help.ts";
import { isMain } from "./is_main.ts";
import { LoadError } from "./load.ts";
import { result } from "./result.ts";
import { schedule } from "./schedule.ts";
import { status } from "./status.ts";
import { tasks } from "./tasks.ts";
import { version } from "./version.ts";

const COMMANDS: Record<string, Command> = {
  consume: { about: "run the tasks of a module", run: consume },
  drain,
  status,
  tasks,
  enqueue,
  result,
  schedule,
  cancel,
  dead,
  flush,
  dashboard,
};

/** Runs the command that the arguments name (those of the process, without the program's), and gives its exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    const isKnown = error instanceof UsageError || error instanceof LoadError || error instanceof HueyError;
    console.error(isKnown ? error.message : error);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch([name, ...args]: string[]): Promise<number> {
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  if (name === "--help" || name === "-h") {
    console.log(helpText(COMMANDS));
    return 0;
  }
  if (name === undefined) throw new UsageError(helpText(COMMANDS));
  if (Object.hasOwn(COMMANDS, name)) return await COMMANDS[name].run(args);
  throw new UsageError(`There is no command ${name}${closest(name, Object.keys(COMMANDS))}`);
}

// A module of the user's may keep timers and connections alive for ever, hence the exit.
if (isMain(import.meta)) process.exit(await main(process.argv.slice(2)));
