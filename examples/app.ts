// The program a consumer is pointed at: it names the queue, and gathers every task.
//
//   deno task consume examples/app.ts        in one terminal
//   deno run -A examples/main.ts             in another (or: bun examples/main.ts, node examples/main.ts)

import { crontab, Huey } from "../mod.ts";
import { sqlite } from "../adapters/sqlite.ts";

export const huey = new Huey("my-app", { storage: sqlite("huey.db") });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

// Retried twice, a second apart. With `context`, the function's first parameter tells about its own run.
export const flaky = huey.task("flaky", { retries: 2, retryDelay: 1, context: true }, ({ attempt }, url: string) => {
  if (attempt < 3) throw new Error(`${url} does not answer`);
  return `${url} answered at attempt ${attempt}`;
});

export const sendEmail = huey.task("sendEmail", { priority: 10 }, (to: string, subject: string) => {
  return `sent "${subject}" to ${to}`;
});

export const nightlyBackup = huey.periodicTask("nightlyBackup", crontab({ hour: "3", minute: "0" }), () => {
  return "backed up";
});
