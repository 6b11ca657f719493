// A whole queue in one terminal: this process calls tasks, and a consumer in a second process runs them. They share
// nothing but a SQLite file.
//
//   deno task demo

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";

const directory = await Deno.makeTempDir({ prefix: "huey-demo-" });
process.env.HUEY_DEMO_FILE = join(directory, "demo.db");
const { addNumbers, backup, flaky, heartbeat, huey, later, report } = await import("./demo_app.ts");

interface Line {
  signal: string;
  name: string;
  id: string;
  args?: readonly unknown[];
}

const seen: Line[] = [];
let onLine = (): void => {};

function show(who: string, line: Line): void {
  seen.push(line);
  const what = line.name === "report" ? `${line.name}(${line.args})` : line.name;
  console.log(`   ${who.padEnd(9)} ${line.signal.padEnd(10)} ${what}`);
  onLine();
}

/** Waits until a signal of a task has been shown, so that the lines come in the order in which things happened. */
async function shown(signal: string, id: string): Promise<void> {
  while (!seen.some((line) => line.signal === signal && line.id === id)) {
    await new Promise<void>((resolve) => onLine = resolve);
  }
}

/** Starts the consumer in a process of its own, as `deno task consume examples/demo_app.ts` would. */
function startConsumer(): Deno.ChildProcess {
  const [cli, app] = ["../src/cli/main.ts", "./demo_app.ts"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url))
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", cli, "consume", app, "--logfile", join(directory, "consumer.log")],
    env: { HUEY_DEMO_SIGNALS: "1" },
    stdout: "piped",
  }).spawn();
}

async function follow(output: ReadableStream<Uint8Array>): Promise<void> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith("{")) show("consumer", JSON.parse(line));
  }
}

const consumer = startConsumer();
const following = follow(consumer.stdout);
huey.signal((signal, task) => show("caller", { signal, name: task.name, id: task.id, args: task.args }));

try {
  console.log("Huey: this process calls, a consumer in a second process runs, and a SQLite file is between them.");

  console.log("\n1. A task is called, and its result awaited");
  const sum = await addNumbers(1, 2);
  const value = await sum.get({ blocking: true, timeout: "15s" });
  await shown("complete", sum.id);
  console.log(`   addNumbers(1, 2) is ${value}`);

  console.log("\n2. A task that fails twice, and succeeds at the third attempt");
  const stubborn = await flaky();
  const attempt = await stubborn.get({ blocking: true, timeout: "10s" });
  await shown("complete", stubborn.id);
  console.log(`   it succeeded at attempt ${attempt}`);

  console.log("\n3. Four tasks called at once, run by priority");
  const calls = [0, 1, 10, 50].map((priority) => report.s(priority).with({ priority }));
  const reports = await huey.enqueue(calls);
  for (const { id } of reports) await shown("complete", id);

  console.log("\n4. A task that runs in a second");
  const delayed = await later.schedule([], { delay: 1 });
  const before = Date.now();
  const word = await delayed.get({ blocking: true, timeout: "10s" });
  await shown("complete", delayed.id);
  console.log(`   ${word}: it came after ${((Date.now() - before) / 1000).toFixed(1)} s`);

  console.log("\n5. Periodic tasks: one every two seconds, and one at three in the night");
  const beats = seen.filter(({ name, signal }) => name === heartbeat.name && signal === "complete").length;
  while (seen.filter(({ name, signal }) => name === heartbeat.name && signal === "complete").length === beats) {
    await new Promise<void>((resolve) => onLine = resolve);
  }
  const next = backup.next(Date.now())!;
  console.log(`   the next nightlyBackup is at ${new Date(next).toISOString()}, 3:00 in Berlin`);
} finally {
  consumer.kill("SIGTERM");
  const { code } = await consumer.status;
  await following;
  await huey.close();
  await Deno.remove(directory, { recursive: true });
  console.log(`\nThe consumer was asked to stop, and ended with exit code ${code}.`);
}
