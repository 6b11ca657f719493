import { inspect } from "node:util";
import type { DeadTask } from "../inspect.ts";
import type { Task } from "../task.ts";
import { type Call, type Command, expectWords, queueCommand } from "./command.ts";
import { readFlag, toOneOf, toWholeNumber } from "./flag_values.ts";
import { moment } from "./moments.ts";
import { say, sayJson, table } from "./output.ts";

const STATES = ["running", "queued", "scheduled", "dead"] as const;
type ShownState = typeof STATES[number];

/** A task of a listing. */
interface Shown {
  state: ShownState;
  task: Task | DeadTask;
}

/** `huey tasks`: what waits, and what runs. */
export const tasks: Command = queueCommand({
  name: "tasks",
  about: "list what runs and what waits",
  usage: "",
  text: `Lists the tasks that are running, queued (in the order in which they will run),
scheduled (soonest first) and dead (newest first). What has ended is not listed:
see huey result.

Arguments may be secrets, and are shown only if you ask for them.`,
  flags: [
    { name: "state", value: "STATE", about: "running, queued, scheduled or dead only" },
    { name: "name", value: "NAME", about: "tasks of this name only, among those looked at" },
    { name: "limit", value: "N", about: "look at N of each state at most (20)" },
    { name: "args", about: "show their arguments" },
  ],
  examples: [
    ["main.ts", "up to 20 of each state"],
    ["main.ts --state queued --limit 500", "more of one"],
    ["main.ts --json --args", "everything, for a program"],
  ],
  check: ({ words, flags }) => {
    expectWords(words, 0, "the module alone");
    readStates(flags);
    readFlag(flags, "limit", toWholeNumber);
  },
  run: listTasks,
});

function readStates(flags: Map<string, string>): readonly ShownState[] {
  const state = readFlag(flags, "state", toOneOf(STATES));
  return state ? [state] : STATES;
}

async function listTasks({ huey, flags }: Call): Promise<number> {
  const limit = readFlag(flags, "limit", toWholeNumber) ?? 20;
  const list = { running: "running", queued: "pending", scheduled: "scheduled", dead: "dead" } as const;
  const found = await Promise.all(
    readStates(flags).map(async (state): Promise<Shown[]> =>
      (await huey[list[state]](limit)).map((task) => ({ state, task }))
    ),
  );
  const name = flags.get("name");
  const shown = found.flat().filter(({ task }) => name === undefined || task.name === name);
  const withArgs = flags.has("args");
  if (flags.has("json")) return sayJson(shown.map((one) => toRecord(one, withArgs)));
  if (shown.length === 0) return say("There are none");
  const now = huey.core.clock.now();
  return say(table(
    ["STATE", "NAME", "ID", "ATTEMPT", withArgs ? "ARGUMENTS" : "", ""].filter((title, i) => title || i > 4),
    shown.map(({ state, task }) => [
      state,
      task.name,
      task.id,
      String(task.attempt),
      ...withArgs ? [inspect(task.args, { depth: 4, breakLength: Infinity })] : [],
      detail(task, now),
    ]),
  ));
}

function detail(task: Task | DeadTask, now: number): string {
  if ("reason" in task) return task.reason;
  return task.eta === undefined ? "" : moment(task.eta, now);
}

function toRecord({ state, task }: Shown, withArgs: boolean): object {
  const { id, name, attempt, priority, retries, eta, args } = task;
  const dead = "reason" in task ? { reason: task.reason, error: task.error } : {};
  const at = eta === undefined ? {} : { eta: new Date(eta) };
  return { state, id, name, attempt, priority, retries, ...at, ...dead, ...withArgs ? { args } : {} };
}
