// The tasks of `deno task demo`, and the queue that both of its processes open. See demo.ts.

import process from "node:process";
import { crontab, every, Huey } from "../mod.ts";
import { sqlite } from "../adapters/sqlite.ts";

/** The clock time at which the nightly backup runs. */
export const backup = crontab({ hour: "3", minute: "0", timeZone: "Europe/Berlin" });

export const huey = new Huey("demo", { storage: sqlite(process.env.HUEY_DEMO_FILE ?? "demo.db") });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

export const flaky = huey.task("flaky", { retries: 2, retryDelay: "400ms", context: true }, ({ attempt }) => {
  if (attempt < 3) throw new Error("the other side does not answer");
  return attempt;
});

export const report = huey.task("report", (priority: number) => `priority ${priority}`);

export const later = huey.task("later", () => "it was time");

export const nightlyBackup = huey.periodicTask("nightlyBackup", backup, () => {});

export const heartbeat = huey.periodicTask("heartbeat", every("2s"), { catchUp: 0 }, () => {});

// In the consumer's process: every signal, as a line for demo.ts to show.
if (process.env.HUEY_DEMO_SIGNALS) {
  huey.signal((signal, task) => console.log(JSON.stringify({ signal, name: task.name, id: task.id, args: task.args })));
}
