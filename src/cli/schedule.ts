import { type Call, type Command, expectWords, queueCommand } from "./command.ts";
import { readFlag, toWholeNumber } from "./flag_values.ts";
import { moment } from "./moments.ts";
import { nextSlots } from "./next_slots.ts";
import { say, sayJson, table } from "./output.ts";

/** `huey schedule`: when what runs by itself runs next. */
export const schedule: Command = queueCommand({
  name: "schedule",
  about: "show what runs by itself, and when next",
  usage: "",
  text: `Shows when each periodic task, and each schedule that was made at run time, runs
next. Nothing is run: that is for a consumer or a drain.`,
  flags: [{ name: "runs", short: "n", value: "N", about: "show the next N runs of each (1)" }],
  examples: [
    ["main.ts", "the next run of each"],
    ["main.ts -n 5", "five runs of each, to see that a crontab means what you mean"],
  ],
  check: ({ words, flags }) => {
    expectWords(words, 0, "the module alone");
    readFlag(flags, "runs", toWholeNumber);
  },
  run: showSchedule,
});

async function showSchedule({ huey, flags }: Call): Promise<number> {
  const now = huey.core.clock.now();
  const slots = await nextSlots(huey, readFlag(flags, "runs", toWholeNumber) ?? 1);
  if (flags.has("json")) {
    return sayJson(slots.map(({ at, ...slot }) => ({ ...slot, at: at.map((ms) => new Date(ms)) })));
  }
  if (slots.length === 0) return say("Nothing runs by itself");
  return say(table(
    ["NAME", "TASK", "ZONE", "NEXT RUN"],
    slots.flatMap(({ name, task, timeZone, at, problem = "never again" }) =>
      at.length > 0
        ? at.map((ms, i) => [...i === 0 ? [name, task, timeZone] : ["", "", ""], moment(ms, now)])
        : [[name, task, timeZone, problem]]
    ),
  ));
}
