import { type Call, type Command, expectWords, queueCommand } from "./command.ts";
import { moment } from "./moments.ts";
import { nextSlots } from "./next_slots.ts";
import { pairs, say, sayJson } from "./output.ts";
import { storageKind } from "./storage_kind.ts";

/** `huey status`: how many there are of each. */
export const status: Command = queueCommand({
  name: "status",
  about: "show how full the queue is",
  usage: "",
  text: `Shows how many tasks wait for a worker (queued), wait for their time
(scheduled), are being run (running) or will not run again by themselves (dead),
how many results are kept, and what comes next by itself.`,
  flags: [],
  examples: [
    ["main.ts", "look once"],
    ["main.ts --json | jq .queued", "one number, for a script"],
  ],
  check: ({ words }) => expectWords(words, 0, "the module alone"),
  run: showStatus,
});

async function showStatus({ huey, flags }: Call): Promise<number> {
  const now = huey.core.clock.now();
  const counts = await huey.counts();
  const [next] = await huey.scheduled(1);
  const [slot] = (await nextSlots(huey, 1)).filter(({ at }) => at.length > 0);
  const facts = { queue: huey.core.name, storage: storageKind(huey), ...counts };
  if (flags.has("json")) {
    return sayJson({
      ...facts,
      nextScheduled: next?.eta === undefined ? null : { id: next.id, name: next.name, at: new Date(next.eta) },
      nextSlot: slot ? { name: slot.name, at: new Date(slot.at[0]) } : null,
    });
  }
  return say(pairs([
    ...Object.entries(facts),
    ["next task", next?.eta === undefined ? undefined : `${next.name}, ${moment(next.eta, now)}`],
    ["next slot", slot && `${slot.name}, ${moment(slot.at[0], now)}`],
  ]));
}
