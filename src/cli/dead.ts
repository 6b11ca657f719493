import type { Huey } from "../huey.ts";
import { isSure } from "./ask.ts";
import { type Call, type Command, DONE, NOT_THERE, queueCommand } from "./command.ts";
import { closest, UsageError } from "./command_line.ts";
import { readFlag, toWholeNumber } from "./flag_values.ts";
import { say, sayJson, table, warn } from "./output.ts";
import { Progress } from "./progress.ts";

/** How many are looked after in one request or so. */
const BATCH = 200;

/** `huey dead`: what will not run again by itself. */
export const dead: Command = queueCommand({
  name: "dead",
  about: "list dead letters, run them again, or delete them",
  usage: "[retry|delete ID…|--all]",
  text: `Lists the dead letters, newest first: tasks that will not run again by
themselves, as nobody can run them or those who tried did not come back. Once
the cause is mended, retry puts them back into the queue; delete gives them up.`,
  flags: [
    { name: "all", about: "retry or delete all of them" },
    { name: "yes", short: "y", about: "delete all of them without being asked" },
    { name: "limit", value: "N", about: "list N at most (20)" },
  ],
  examples: [
    ["main.ts", "what there is, and why"],
    ["main.ts retry 0199c3a2-…", "run one again"],
    ["main.ts retry --all", "run all of them again"],
    ["main.ts delete --all --yes", "give all of them up"],
  ],
  exitCodes: [[4, "one of those named is no dead letter"]],
  check: ({ words: [action, ...ids], flags }) => {
    readFlag(flags, "limit", toWholeNumber);
    if (action === undefined) {
      if (flags.has("all")) throw new UsageError("Say what to do with --all: retry or delete");
      return;
    }
    if (action !== "retry" && action !== "delete") {
      throw new UsageError(`Cannot ${action} dead letters${closest(action, ["retry", "delete"])}`);
    }
    if (flags.has("all") === ids.length > 0) throw new UsageError(`Give the ids of those to ${action}, or --all`);
  },
  run: (call) => call.words.length === 0 ? list(call) : change(call),
});

async function list({ huey, flags }: Call): Promise<number> {
  const found = await huey.dead(readFlag(flags, "limit", toWholeNumber) ?? 20);
  if (flags.has("json")) return sayJson(found.map(({ id, name, reason, error }) => ({ id, name, reason, error })));
  if (found.length === 0) return say("There are no dead letters");
  return say(table(
    ["ID", "NAME", "REASON", "ERROR"],
    found.map(({ id, name, reason, error }) => [id, name, reason, error ?? ""]),
  ));
}

async function change({ huey, words: [action, ...named], flags }: Call): Promise<number> {
  const isAll = flags.has("all");
  const ids = isAll ? (await huey.dead()).map(({ id }) => id) : [...new Set(named)];
  if (isAll && action === "delete" && ids.length > 0 && !await isSure(`Delete ${letters(ids.length)}?`, flags)) {
    warn("Nothing was deleted");
    return DONE;
  }
  const one = action === "retry" ? (id: string) => retry(huey, id) : (id: string) => remove(huey, id);
  const done: string[] = [];
  const progress = new Progress(action === "retry" ? "retrying" : "deleting", ids.length);
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = ids.slice(at, at + BATCH);
    const accepted = await Promise.all(batch.map(one));
    done.push(...batch.filter((_, i) => accepted[i]));
    progress.add(batch.length);
  }
  progress.end();
  const missed = ids.filter((id) => !done.includes(id));
  if (flags.has("json")) sayJson({ [action === "retry" ? "retried" : "deleted"]: done, missed });
  else say(`${letters(done.length)} ${action === "retry" ? "put back into the queue" : "deleted"}`);
  if (isAll || missed.length === 0) return DONE;
  if (!flags.has("json")) { for (const id of missed) warn(`${id} is no dead letter`); }
  return NOT_THERE;
}

function letters(count: number): string {
  return count === 1 ? "1 dead letter" : `${count} dead letters`;
}

async function retry(huey: Huey, id: string): Promise<boolean> {
  return await huey.retryDead(id) === 1;
}

/** Its outcome stays, so that whoever waits for it learns of it. */
function remove({ core }: Huey, id: string): Promise<boolean> {
  return core.pump.settle({ resting: { id, states: ["dead"] } });
}
