import type { Huey } from "../huey.ts";
import { commandHelpText } from "./command_help.ts";
import { type Flag, readCommandLine, UsageError } from "./command_line.ts";
import { loadHuey } from "./load.ts";
import { configureLog } from "./log.ts";
import { say, warn } from "./output.ts";
import { storageKind } from "./storage_kind.ts";
import { version } from "./version.ts";

/** A command: takes its arguments, gives the exit code. */
export interface Command {
  /** What it does, for the list of commands. */
  about: string;
  run(args: string[]): Promise<number>;
}

/** A command that works on the queue of a module: what its help tells, and what it does. */
export interface QueueCommand {
  name: string;
  about: string;
  /** What comes after the module. */
  usage: string;
  /** What it does, and what its words mean; lines of 80 columns at most. */
  text: string;
  flags: Flag[];
  /** What is typed after `huey <name>`, and what that does. */
  examples: [typed: string, about: string][];
  /** Besides those that every command has. */
  exitCodes?: [code: number, about: string][];
  /** Refuses what cannot be read, before a module is loaded. */
  check?(call: Omit<Call, "huey">): void;
  run(call: Call): Promise<number> | number;
}

/** How a command was called. */
export interface Call {
  huey: Huey;
  /** What comes after the module. */
  words: string[];
  flags: Map<string, string>;
}

/** Done. */
export const DONE = 0;
/** The task has ended otherwise than by success. */
export const NO_SUCCESS = 3;
/** What was asked for is not there, or not yet. */
export const NOT_THERE = 4;

const COMMON_FLAGS: Flag[] = [
  { name: "json", about: "write JSON, for programs" },
  { name: "help", short: "h", about: "show this" },
  { name: "version", about: "show the version" },
];

/** Makes a command that can be run. */
export function queueCommand(command: QueueCommand): Command {
  const known = [...command.flags, ...COMMON_FLAGS];
  return {
    about: command.about,
    run: async (args) => {
      const { words: [module, ...words], flags } = readCommandLine(args, known);
      if (flags.has("help")) return say(commandHelpText(command, known));
      if (flags.has("version")) return say(version);
      if (module === undefined) {
        throw new UsageError(
          `Name the module that exports your Huey instance first, as in "huey ${command.name} main.ts"`,
        );
      }
      command.check?.({ words, flags });
      await configureLog({ level: "warning", format: "full" });
      const huey = await loadHuey([module]);
      if (storageKind(huey)?.startsWith("memory")) {
        warn("The storage is in memory: what other processes have is not seen");
      }
      try {
        return await command.run({ huey, words, flags });
      } finally {
        await huey.close();
      }
    },
  };
}

/** Refuses words where a command has none. */
export function expectWords(words: string[], most: number, what: string): void {
  if (words.length > most) {
    throw new UsageError(
      `Give ${what}: ${words.slice(most).map((word) => JSON.stringify(word)).join(" and ")} is too much`,
    );
  }
}
