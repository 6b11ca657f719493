import type { Flushable } from "../inspect.ts";
import { isSure } from "./ask.ts";
import { type Call, type Command, DONE, expectWords, queueCommand } from "./command.ts";
import { closest, UsageError } from "./command_line.ts";
import { say, sayJson, warn } from "./output.ts";

const WHAT: Record<Flushable, string> = {
  queue: "what is ready to run",
  schedule: "what waits for its time",
  results: "the outcomes",
  locks: "the locks and limits",
  dead: "the dead letters",
  all: "everything",
};

/** `huey flush`: removes what is there. */
export const flush: Command = queueCommand({
  name: "flush",
  about: "remove what is there",
  usage: Object.keys(WHAT).join("|"),
  text: `Removes what is named, for good:
${Object.entries(WHAT).map(([name, what]) => `  ${name.padEnd(10)}${what}`).join("\n")}
Nobody who waits for it is told. You are asked first; where nobody can be asked,
--yes must say so.`,
  flags: [{ name: "yes", short: "y", about: "remove it without being asked" }],
  examples: [
    ["main.ts results", "asks first"],
    ["main.ts all --yes", "for a script"],
  ],
  check: ({ words }) => {
    const [what] = words;
    if (what === undefined) throw new UsageError(`Say what to remove: ${Object.keys(WHAT).join(", ")}`);
    if (!Object.hasOwn(WHAT, what)) throw new UsageError(`Cannot flush ${what}${closest(what, Object.keys(WHAT))}`);
    expectWords(words, 1, "one of them");
  },
  run: flushWhat,
});

async function flushWhat({ huey, words: [word], flags }: Call): Promise<number> {
  const what = word as Flushable;
  if (!await isSure(`Remove ${WHAT[what]} of ${huey.core.name} for good?`, flags)) {
    warn("Nothing was removed");
    return DONE;
  }
  await huey.flush(what);
  return flags.has("json") ? sayJson({ flushed: what }) : say(`Removed ${WHAT[what]} of ${huey.core.name}`);
}
