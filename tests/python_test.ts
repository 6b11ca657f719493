import { type ChildProcess, execFile, spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Huey } from "@hq/huey";
import { redis } from "@hq/huey/redis";
import { Redis } from "ioredis";
import { PythonQueue } from "../examples/python/python_queue.ts";
import { decode, encode, PythonError, PythonMessage, Tuple } from "../examples/python/tagged_json.ts";
import { eventually } from "./eventually.ts";
import { startRedis } from "./redis_server.ts";
import { inSandbox, ownRuntime } from "./sandbox.ts";

const FOLDER = fileURLToPath(new URL("../examples/python/", import.meta.url));
const python = process.env.PYTHON ?? "python3";
const skip = await promisify(execFile)(python, ["-c", "import huey, redis"])
  .then(() => false, () => "Python cannot import huey and redis here: install them, or set PYTHON and PYTHONPATH");

test("a value goes through the tagged JSON as it is, a tuple becoming an array", () => {
  const value = {
    text: "ä€😀",
    list: [1, 2.5, true, null, Infinity, -Infinity],
    when: new Date(1234),
    bytes: new Uint8Array([0, 255]),
    big: 2n ** 70n,
    set: new Set(["a"]),
    map: new Map<unknown, unknown>([[1, "one"], ["two", new Map()]]),
    error: new PythonError({ error: "no", task_id: "x" }),
  };
  assertEquals(decode(encode(value)), value);
  assertEquals(decode(encode(new Tuple(1, new Tuple(2)))), [1, [2]]);
  assertEquals(decode(encode({ $type: "int", value: 1 })), new Map<string, unknown>([["$type", "int"], ["value", 1]]));
  const error = decode(encode(new RangeError("no"))) as Error;
  assertEquals([error.name, error.message], ["RangeError", "no"]);
  assertThrows(() => encode(() => {}), TypeError, "Cannot serialise a function");
  assertThrows(() => decode('{"$type":"pickle","value":""}'), TypeError, 'Cannot read the tag "pickle"');
});

test("what cannot be run for Python is refused and kept, and Python is told; what was left behind is run", async () => {
  const server = await startRedis();
  const client = new Redis(server.port, "127.0.0.1");
  const queue = new PythonQueue(client, "typescript");
  const huey = new Huey("from-python", { storage: redis(client) });
  const served = { "tasks.double": huey.task("tasks.double", (n: number, { by = 2 } = {}) => n * by) };
  const stopping = new AbortController();

  // As of one who died after taking it out of the queue.
  const left = await queue.call("tasks.double", [4], { kwargs: { by: 3 } });
  await client.lmove("huey.redis.typescript", "huey.moving.typescript", "RIGHT", "LEFT");
  const unknown = await queue.call("tasks.nobody", []);
  await client.lpush("huey.redis.typescript", "nonsense", encode("nonsense"));
  const chord = new PythonMessage([
    "chord",
    "tasks.double",
    null,
    0,
    0,
    null,
    [1],
    {},
    null,
    null,
    null,
    null,
    null,
    [],
    1,
  ]);
  await client.lpush("huey.redis.typescript", encode(chord));
  const serving = queue.serve(huey, served, stopping.signal);
  const consumer = huey.createConsumer();
  await consumer.start();

  assertEquals(await queue.result(left), 12);
  await assertRejects(() => queue.result(unknown), Error, 'There is no task named "tasks.nobody" here');
  await assertRejects(() => queue.result("chord"), Error, "It is a member of a chord");
  await eventually(async () => await client.llen("huey.refused.typescript") === 4);
  assertEquals(await client.llen("huey.moving.typescript"), 0);
  stopping.abort();
  await serving;
  await consumer.stop();
  await huey.close();
  client.disconnect();
  await server.stop();
});

/** The environment of both sides. */
function both(port: number): Record<string, string> {
  return { REDIS_URL: `redis://127.0.0.1:${port}/0`, PYTHONDONTWRITEBYTECODE: "1", TZ: "UTC" };
}

test(
  "python: what Python enqueues is run here, and its values and errors reach Python",
  { skip },
  async () => {
    const server = await startRedis();
    await inSandbox(async (sandbox) => {
      const serving = sandbox.start("examples/python/serve.ts", [], ownRuntime, both(server.port));
      await serving.wrote("Serving Python's queue");
      const env = { ...process.env, ...both(server.port) };
      const { stdout } = await promisify(execFile)(python, ["produce.py"], { cwd: FOLDER, env });
      assertEquals(stdout.trim().split("\n"), [
        "add_numbers 3",
        "echo_back True",
        "pipeline [3, 13]",
        "fail RangeError: out of stock",
      ]);
      serving.kill("SIGTERM");
      assertEquals(await serving.ended, 0);
    });
    await server.stop();
  },
);

test("python: what is enqueued here is run by Python's consumer, and its values and errors come back", {
  skip,
}, async () => {
  const server = await startRedis();
  const consumer: ChildProcess = spawn(python, ["-m", "huey.bin.huey_consumer", "tasks.python", "-w", "1"], {
    cwd: FOLDER,
    env: { ...process.env, ...both(server.port) },
    stdio: "ignore",
  });
  await inSandbox(async (sandbox) => {
    const calling = sandbox.start("examples/python/call.ts", [], ownRuntime, { ...both(server.port), NO_COLOR: "1" });
    assertEquals(await calling.ended, 0, calling.output);
    for (
      const part of [
        "describe tuple (1, 'two')",
        "describe DATETIME 2026-01-02 03:04:05",
        "1180591620717411303424n",
        "divide The task has failed in Python: ZeroDivisionError('division by zero')",
      ]
    ) assertEquals(calling.output.includes(part), true, calling.output);
  }).finally(() => consumer.kill("SIGKILL"));
  await server.stop();
});
