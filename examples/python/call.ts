// Calls tasks that Python runs, and waits for their results.
//
//   huey_consumer.py tasks.python               in one terminal, in this folder
//   deno run -A examples/python/call.ts         in another (or: bun …, node …)

import process from "node:process";
import { Redis } from "ioredis";
import { PythonQueue } from "./python_queue.ts";
import { Tuple } from "./tagged_json.ts";

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379/0");
const python = new PythonQueue(client, "python");

async function run(name: string, args: unknown[], kwargs?: Record<string, unknown>): Promise<unknown> {
  return await python.result(await python.call(`tasks.${name}`, args, { kwargs }));
}

console.log("describe", await run("describe", [new Tuple(1, "two")]));
console.log("describe", await run("describe", [new Date("2026-01-02T03:04:05Z")], { upper: true }));
const value = { text: "ä€😀", list: [1, 2.5, true, null], bytes: new Uint8Array([0, 255]), big: 2n ** 70n };
console.log("echo", await run("echo", [value]));
console.log("echo", await run("echo", [new Map<unknown, unknown>([[1, new Set(["a"])], ["$type", new Date(0)]])]));
await run("divide", [1, 0]).catch((error) => console.log("divide", error.message));
client.disconnect();
