import type { Huey } from "../huey.ts";
import { type Outcome, readOutcome } from "../outcome.ts";
import { Result } from "../result.ts";
import { type Duration, toMilliseconds } from "../time.ts";
import { waitForKey } from "../wait.ts";
import { type Call, type Command, expectWords, NOT_THERE, queueCommand } from "./command.ts";
import { UsageError } from "./command_line.ts";
import { readFlag, toDuration } from "./flag_values.ts";
import { tellOutcome } from "./outcome_report.ts";
import { sayJson, showValue, warn } from "./output.ts";

/** `huey result`: how a task has ended. */
export const result: Command = queueCommand({
  name: "result",
  about: "show how a task has ended",
  usage: "ID",
  text: `Shows the value that a task has returned, or why there is none. The outcome
stays where it is until its time-to-live ends.

A text is written as it is, any other value as the runtime shows it; with --json
the whole outcome is written.`,
  flags: [
    { name: "wait", about: "wait until the task has ended" },
    { name: "timeout", value: "TIME", about: "wait for so long at most" },
  ],
  examples: [
    ["main.ts 0199c3a2-…", "look once"],
    ["main.ts 0199c3a2-… --timeout 1m", "wait for a minute at most"],
    ["main.ts 0199c3a2-… --json | jq .value", "the value, for a program"],
  ],
  exitCodes: [
    [3, "the task has failed, or was revoked, cancelled, or expired"],
    [4, "the task has not ended (yet), or is not known (any more)"],
  ],
  check: ({ words, flags }) => {
    if (words.length === 0) throw new UsageError("Give the id of the task, as huey enqueue and huey tasks show it");
    expectWords(words, 1, "one id");
    readFlag(flags, "timeout", toDuration);
  },
  run: showResult,
});

async function showResult({ huey, words: [id], flags }: Call): Promise<number> {
  const timeout = readFlag(flags, "timeout", toDuration);
  const isPatient = flags.has("wait") || timeout !== undefined;
  const outcome = await findOutcome(huey, id, isPatient ? timeout ?? "for ever" : undefined);
  if (outcome) return tellOutcome(id, outcome, flags.has("json"));
  const handle = new Result(huey.core, id);
  const [status, progress] = await Promise.all([handle.status(), handle.progress()]);
  if (flags.has("json")) sayJson({ id, status, progress });
  else if (status === "unknown") warn(`Task ${id} is not known: its outcome may be gone, or its id mistyped`);
  else warn(`Task ${id} is ${status}${progress === undefined ? "" : `, at ${showValue(progress)}`}`);
  return NOT_THERE;
}

/** How a task has ended, once it has. An attempt that is followed by another is no end. */
export async function findOutcome(
  { core }: Huey,
  id: string,
  patience?: Duration | "for ever",
): Promise<Outcome | undefined> {
  const read = async (): Promise<Outcome | undefined> => {
    const [text] = await core.storage.peek("results", [id], core.storageTime());
    const outcome = text === undefined ? undefined : await readOutcome(core, text);
    return outcome?.intermediate ? undefined : outcome;
  };
  const outcome = await read();
  if (outcome || patience === undefined) return outcome;
  const waited = await waitForKey(core, "results", id, read, {
    timeout: patience === "for ever" ? undefined : toMilliseconds("timeout", patience),
    isOver: core.settings.results ? undefined : async () => !await core.storage.find(id, core.storageTime()),
  });
  return typeof waited === "string" ? undefined : waited.value;
}
