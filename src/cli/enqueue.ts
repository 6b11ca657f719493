import { enqueue as add } from "../enqueue.ts";
import { Task } from "../task.ts";
import type { CallOptions } from "../task_options.ts";
import { toArgument } from "./arguments.ts";
import { type Call, type Command, NOT_THERE, queueCommand } from "./command.ts";
import { closest, UsageError } from "./command_line.ts";
import { readFlag, toCountOrNone, toDate, toDuration, toNumber } from "./flag_values.ts";
import { tellOutcome } from "./outcome_report.ts";
import { say, sayJson, warn } from "./output.ts";
import { findOutcome } from "./result.ts";

/** `huey enqueue`: calls a task. */
export const enqueue: Command = queueCommand({
  name: "enqueue",
  about: "call a task",
  usage: "NAME [ARG…]",
  text: `Calls the task of this name, and shows the id of the call. A consumer or a drain
runs it.

An argument that is JSON is read as JSON, any other is text:
  3, -1.5, true, null, [1,2], {"a":1}   as JSON has them
  hello, 2026-12-24, 007, +49123        text
  '"3"', '"true"'                       text: quotes inside the shell's say so
With --text every argument is text as it stands. What begins with a dash and a
letter is a flag, wherever it stands; after -- nothing is.`,
  flags: [
    { name: "text", about: "take every argument as text" },
    { name: "delay", value: "TIME", about: "run it so much later" },
    { name: "eta", value: "DATE", about: "run it at this instant, as 2026-12-24T18:00:00Z" },
    { name: "priority", value: "N", about: "higher runs first" },
    { name: "retries", value: "N", about: "run it again so often if it fails" },
    { name: "expires", value: "TIME", about: "do not start it later than that" },
    { name: "id", value: "ID", about: "call it this; while one of this id is not finished, none is added" },
    { name: "wait", about: "wait for its end, and show its value" },
    { name: "timeout", value: "TIME", about: "wait for so long at most" },
  ],
  examples: [
    ["main.ts addNumbers 1 2", "with two numbers"],
    ["main.ts addNumbers 1 2 --wait", "and show 3, once it has run"],
    [`main.ts sendEmail ada@example.com Hi`, "with two texts"],
    [`main.ts report '{"year":2026}' --delay 1h`, "in an hour"],
    ["main.ts echo -- --force", "a text that looks like a flag"],
  ],
  exitCodes: [
    [3, "with --wait: the task has failed, or was revoked, cancelled, or expired"],
    [4, "with --timeout: the task has not ended in time"],
  ],
  check: ({ words, flags }) => {
    if (words.length === 0) throw new UsageError("Give the name of the task to call");
    readCall(flags);
    readArguments(words, flags);
  },
  run: call,
});

function readCall(flags: Map<string, string>): CallOptions {
  const options: CallOptions = {};
  const [delay, eta] = [readFlag(flags, "delay", toDuration), readFlag(flags, "eta", toDate)];
  if (delay !== undefined && eta !== undefined) throw new UsageError("Give --delay or --eta, not both");
  const all: CallOptions = {
    delay,
    eta,
    priority: readFlag(flags, "priority", toNumber),
    retries: readFlag(flags, "retries", toCountOrNone),
    expires: readFlag(flags, "expires", toDuration),
    id: flags.get("id"),
  };
  readFlag(flags, "timeout", toDuration);
  for (const [key, value] of Object.entries(all)) if (value !== undefined) Object.assign(options, { [key]: value });
  return options;
}

function readArguments([, ...args]: string[], flags: Map<string, string>): unknown[] {
  return flags.has("text") ? args : args.map(toArgument);
}

async function call({ huey: { core }, huey, words, flags }: Call): Promise<number> {
  const [name] = words;
  const definition = core.registry.get(name);
  const names = core.registry.list().map(({ name }) => name);
  if (!definition) {
    const hint = names.length > 0 ? closest(name, names).replace(", see --help", `, there is ${names.join(", ")}`) : "";
    throw new UsageError(`There is no task named ${name}${hint}`);
  }
  const made = new Task<[]>({
    id: core.newId(),
    name,
    args: readArguments(words, flags),
    settings: definition.settings,
    changes: {},
  });
  // Through the library's own function, as the module may have another copy of the library than the command line has.
  const [{ id }] = await add(core, [{ task: made.with(readCall(flags)) }]);
  const timeout = readFlag(flags, "timeout", toDuration);
  const asJson = flags.has("json");
  if (!flags.has("wait") && timeout === undefined) return asJson ? sayJson({ id, name }) : say(id);
  if (!asJson) warn(id);
  const outcome = await findOutcome(huey, id, timeout ?? "for ever");
  if (outcome) return tellOutcome(id, outcome, asJson);
  if (asJson) sayJson({ id, name });
  else warn(`Task ${id} has not ended in time: is there a consumer?`);
  return NOT_THERE;
}
