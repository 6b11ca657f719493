// Runs what Python enqueues in the queue "typescript", until it is told to stop.
//
//   deno run -A examples/python/serve.ts        in one terminal (or: bun …, node …)
//   python examples/python/produce.py           in another

import process from "node:process";
import { Redis } from "ioredis";
import { Huey } from "../../mod.ts";
import { redis } from "../../adapters/redis.ts";
import { PythonQueue } from "./python_queue.ts";

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379/0");
// A Huey of its own: each of its results goes to Python, too.
const huey = new Huey("from-python", { storage: redis(client) });

const served = {
  "tasks.add_numbers": huey.task("tasks.add_numbers", (a: number, b: number) => a + b),
  "tasks.echo_back": huey.task("tasks.echo_back", (value: unknown) => value),
  "tasks.fail": huey.task("tasks.fail", (message: string) => {
    throw new RangeError(message);
  }),
};

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());

const consumer = huey.createConsumer({ workers: 4 });
await consumer.start();
console.log("Serving Python's queue typescript");
await new PythonQueue(client, "typescript").serve(huey, served, stopping.signal);
await consumer.stop();
await huey.close();
client.disconnect();
