import { type Call, type Command, DONE, NOT_THERE, queueCommand } from "./command.ts";
import { UsageError } from "./command_line.ts";
import { say, sayJson } from "./output.ts";

/** `huey cancel`: keeps tasks from running. */
export const cancel: Command = queueCommand({
  name: "cancel",
  about: "keep tasks from running",
  usage: "ID…",
  text: `Takes tasks out of the queue or the schedule; whoever waits for one is told that
it was cancelled. One that is running is aborted by its worker, within one
renewal of its lease.`,
  flags: [],
  examples: [["main.ts 0199c3a2-…", "one task; more ids may follow"]],
  exitCodes: [[4, "one of them has ended already, or is not known"]],
  check: ({ words }) => {
    if (words.length === 0) throw new UsageError("Give the ids of the tasks to cancel");
  },
  run: cancelAll,
});

async function cancelAll({ huey, words, flags }: Call): Promise<number> {
  const { core } = huey;
  const told = new Map<string, "canceled" | "aborting" | "not there">();
  for (const id of new Set(words)) {
    if (await huey.cancel(id)) told.set(id, "canceled");
    else {told.set(
        id,
        (await core.storage.find(id, core.storageTime()))?.state === "running" ? "aborting" : "not there",
      );}
  }
  if (flags.has("json")) sayJson(Object.fromEntries(told));
  else for (const [id, what] of told) say(`${id}  ${what}`);
  return [...told.values()].includes("not there") ? NOT_THERE : DONE;
}
