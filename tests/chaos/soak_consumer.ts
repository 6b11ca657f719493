/** The consumer of a soak: `soak_consumer.ts <options>`. It writes what it does, and how much memory it has, to its output. */
import process from "node:process";
import { crontab } from "../../mod.ts";
import { openQueue } from "./party.ts";

const SAMPLE = 5_000;

const { huey, close } = openQueue(JSON.parse(process.argv[2]), () => {});
const slots: number[] = [];
huey.periodicTask("minutely", crontab("* * * * *"), { context: true }, ({ task }) => void slots.push(task.eta!));
huey.periodicTask("also", crontab("* * * * *"), { retries: 1, context: true }, ({ attempt }) => {
  if (attempt === 1) throw new Error("not at the first attempt");
});
const ends = { complete: 0, error: 0, dead: 0 };
huey.signal(["complete", "error", "dead"], (signal) => void ends[signal as keyof typeof ends]++);

const timer = setInterval(() => {
  const { rss, heapUsed } = process.memoryUsage();
  console.log(
    JSON.stringify({ rss, heapUsed, ...ends, slots: slots.length, doubled: slots.length - new Set(slots).size }),
  );
}, SAMPLE);
const consumer = huey.createConsumer({ workers: 8 });
process.once("SIGTERM", () => void consumer.stop());
await consumer.run();
clearInterval(timer);
await huey.close();
close();
