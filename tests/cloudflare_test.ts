/** The example in `examples/cloudflare/`, bundled as wrangler would, in a real workerd, against Upstash's REST API. */
import { after, before, test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Huey } from "@hq/huey";
import { bundle, hasTools } from "../scripts/bundle.ts";
import { type App, createApp } from "../examples/cloudflare/app.ts";
import { eventually } from "./eventually.ts";
import { type HttpListener, listen } from "./http_listener.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";
import { RespClient } from "./resp_client.ts";
import { UpstashServer } from "./upstash_server.ts";
import { ownRuntime } from "./sandbox.ts";
import { startWorker, type Worker } from "./workerd.ts";

const MINUTE = 60_000;
const token = "a-token";
const secret = "a-secret";
const authorization = `Bearer ${secret}`;
const EXAMPLE = "examples/cloudflare/worker.ts";
const TICKING = "tests/fixtures/ticking_worker.ts";

let redis: RedisServer;
let server: UpstashServer;
let listener: HttpListener;
/** While it is true nobody is answered, for ever. */
let isSilent = false;

const skip = ownRuntime !== "node"
  ? "workerd is what runs the library here, whoever starts it"
  : hasTools()
  ? false
  : "esbuild and miniflare are not installed";

before(async () => {
  if (skip) return;
  redis = await startRedis();
  server = new UpstashServer({ redis, token });
  listener = await listen(async (request) => {
    const response = await server.fetch(request);
    return isSilent ? new Promise(() => {}) : response;
  });
});

after(async () => {
  if (skip) return;
  await listener.close();
  server.close();
  await redis.stop();
});

interface Seen {
  signal: string;
  name: string;
  eta?: number;
  minute: string;
}

interface Bench {
  worker: Worker;
  /** The same app, in this process. */
  app: App;
  /** The queue of the app. */
  huey: Huey;
  /** Stops the Worker where it is, and starts it anew. */
  restart(): Promise<Worker>;
  /** What the Worker has seen of its tasks, since it was started. */
  seen(signal: string, name?: string): Promise<Seen[]>;
}

/** A test of a Worker on an empty database. */
function inWorkerd(title: string, module: string, body: (bench: Bench) => Promise<void>): void {
  test(`workerd: ${title}`, { skip }, async () => {
    const env = { UPSTASH_REDIS_REST_URL: listener.url, UPSTASH_REDIS_REST_TOKEN: token, HUEY_SECRET: secret };
    const client = new RespClient(redis);
    await client.send(["FLUSHALL"]);
    client.close();
    const app = createApp(env);
    let worker = await startWorker(module, { env });
    try {
      await body({
        worker,
        app,
        huey: app.huey,
        restart: async () => {
          await worker.stop();
          return worker = await startWorker(module, { env });
        },
        seen: async (signal, name) => {
          const all: Seen[] = await (await worker.fetch("/")).json();
          return all.filter((one) => one.signal === signal && (name === undefined || one.name === name));
        },
      });
    } finally {
      await worker.stop();
      await app.huey.close();
    }
  });
}

test("workerd: the example's bundle has nothing of Node in it", { skip }, async () => {
  const { imports, parts } = await bundle(`export { default } from "./${EXAMPLE}";`);
  assertEquals(imports, []);
  assert([...parts.keys()].includes("adapters/upstash.ts"));
});

inWorkerd("a Worker is woken by its trigger, and runs what is due and what waits", EXAMPLE, async ({ worker, app }) => {
  const result = await app.addNumbers(1, 2);
  assertEquals(await worker.scheduled(Date.now()), "ok");
  assertEquals(await result.get(), 3);
  const { queued, results } = await app.huey.counts();
  assertEquals([queued, results >= 2], [0, true], "the slot of the last minute ran, too");
});

inWorkerd("a Worker that has enqueued runs it once its answer is out", EXAMPLE, async ({ worker, huey }) => {
  const response = await worker.fetch("/add?a=3&b=4");
  assertEquals(response.status, 202);
  const { id } = await response.json();
  assertEquals(await huey.result(id).get({ blocking: true, timeout: "10s" }), 7);
  const told = await worker.fetch(`/result?id=${id}`);
  assertEquals(await told.json(), { status: "complete", value: 7 });
});

inWorkerd("a Worker drains for who knows its secret", EXAMPLE, async ({ worker, app }) => {
  const result = await app.addNumbers(1, 2);
  for (const shown of ["", "Bearer guess", secret, `Bearer ${token}`]) {
    const response = await worker.fetch("/drain", { headers: { authorization: shown } });
    assertEquals([response.status, response.headers.get("www-authenticate")], [401, "Bearer"]);
    await response.body?.cancel();
  }
  const refused = await worker.fetch("/drain", { method: "DELETE", headers: { authorization } });
  assertEquals(refused.status, 405);
  assertEquals(await result.status(), "queued");
  const response = await worker.fetch("/drain", { method: "POST", headers: { authorization } });
  assertEquals(response.status, 200);
  const { executed, failed, stoppedBy } = await response.json();
  assertEquals([executed >= 1, failed, stoppedBy, await result.get()], [true, 0, "empty", 3]);
});

inWorkerd("what one invocation waits for in vain holds up no other", EXAMPLE, async ({ worker, app }) => {
  const client = new AbortController();
  const { requests } = server;
  isSilent = true;
  const left = worker.fetch("/drain", { headers: { authorization }, signal: client.signal });
  await eventually(() => server.requests > requests);
  client.abort();
  await assertRejects(() => left);
  isSilent = false;
  const result = await app.addNumbers(1, 2);
  const response = await worker.fetch("/drain", { headers: { authorization } });
  assertEquals([response.status, (await response.json()).stoppedBy], [200, "empty"]);
  assertEquals(await result.get(), 3);
});

inWorkerd("each minute's slot runs once, and an hour's at its hour", TICKING, async ({ worker, seen }) => {
  // Begins where the clocks have just struck two in Berlin, so that the third hour begins within the ticks.
  const start = Date.parse("2026-01-11T01:55:00Z");
  const ticks = Array.from({ length: 10 }, (_, i) => start + i * MINUTE);
  for (const tick of ticks) assertEquals(await worker.scheduled(tick), "ok");
  // The same minute again, as by a second trigger.
  for (const tick of ticks.slice(-3)) assertEquals(await worker.scheduled(tick), "ok");
  assertEquals((await seen("complete", "everyMinute")).map(({ eta }) => eta), ticks);
  assertEquals((await seen("complete", "nightlyReport")).map(({ eta, minute }) => [eta, minute]), [
    [Date.parse("2026-01-11T02:00:00Z"), "02:00"],
  ]);
});

inWorkerd(
  "a trigger that was late or left out costs no slot of the last minutes",
  TICKING,
  async ({ worker, seen }) => {
    const start = Date.parse("2026-01-11T01:57:00Z");
    for (const late of [0, MINUTE + 20_000, 5 * MINUTE + 1]) assertEquals(await worker.scheduled(start + late), "ok");
    assertEquals((await seen("complete", "everyMinute")).length, 3);
    assertEquals((await seen("complete", "nightlyReport")).map(({ minute }) => minute), ["02:02"]);
  },
);

inWorkerd("200 tasks are drained in several ticks, within the free plan", TICKING, async ({ worker, app, huey }) => {
  const calls = Array.from({ length: 200 }, (_, i): [number, number] => [i, i]);
  const results = await app.addNumbers.map(calls);
  const start = Date.now();
  let ticks = 0;
  while ((await huey.counts()).queued > 0) {
    const { requests } = server;
    assertEquals(await worker.scheduled(start + ticks * MINUTE), "ok");
    assertLessOrEqual(server.requests - requests, 50);
    assertLessOrEqual(++ticks, 10);
  }
  assertGreater(ticks, 1);
  assertEquals(await results.get(), calls.map(([a, b]) => a + b));
});

inWorkerd("a task that throws does not keep a tick from the others", TICKING, async ({ worker, app, huey, seen }) => {
  const fail = huey.task("fail", (_: string) => {});
  const failed = await fail("no such site");
  const results = await app.addNumbers.map([[1, 2], [3, 4]]);
  assertEquals(await worker.scheduled(Date.now()), "ok");
  assertEquals(await failed.status(), "error");
  const { message } = await failed.get().then(() => new Error("it did not fail"), (error) => error);
  assertStringIncludes(message, "no such site");
  assertEquals(await results.get(), [3, 7]);
  assertEquals((await seen("error")).map(({ name }) => name), ["fail"]);
});

inWorkerd("a Worker that is stopped in the middle of a tick loses nothing", TICKING, async (bench) => {
  const { huey, app } = bench;
  const hang = huey.task("hang", () => "");
  const start = Date.now();
  const stuck = await hang();
  const stopped = bench.worker.scheduled(start).catch(() => "stopped");
  await eventually(async () => await stuck.status() === "running");
  // Not while it has something else in hands, too.
  await eventually(async () => {
    const { queued, running } = await huey.counts();
    return queued === 0 && running === 1;
  });
  const worker = await bench.restart();
  assert(await stopped !== "ok", "the tick ended before the Worker was stopped");
  // Only now, as the first one might have taken it.
  const behind = await app.addNumbers(1, 2);
  // Within the lease it is still the first one's.
  assertEquals(await worker.scheduled(start + 1_000), "ok");
  assertEquals([await stuck.status(), await behind.get()], ["running", 3]);
  assertEquals(await worker.scheduled(start + MINUTE), "ok");
  assertEquals([await stuck.status(), await stuck.get()], ["complete", "done"]);
  assertEquals((await bench.seen("redelivered")).map(({ name }) => name), ["hang"]);
});

test("workerd: a program may do all it does when it is loaded at the top of a Worker's module", { skip }, async () => {
  const worker = await startWorker("tests/fixtures/module_scope_worker.ts");
  try {
    assertEquals(await (await worker.fetch("/")).json(), { executed: 5, values: [3, 7], callback: 1 });
    assertEquals(await worker.scheduled(Date.now()), "ok");
  } finally {
    await worker.stop();
  }
});

test("workerd: it refuses a Worker that makes an id, a signal or a timer there", { skip }, async () => {
  for (const forbidden of ["crypto.randomUUID()", "new AbortController().signal", "setTimeout(() => {}, 1)"]) {
    const source = `globalThis.made = ${forbidden}; export default { fetch: () => new Response("") };`;
    await assertRejects(() => startWorker(source));
  }
});

test("workerd: the storages pass their suite", { skip }, async () => {
  const env = { UPSTASH_REDIS_REST_URL: listener.url, UPSTASH_REDIS_REST_TOKEN: token };
  const worker = await startWorker("tests/fixtures/contract_worker.ts", { env, flags: ["nodejs_compat"] });
  try {
    const { run, failures } = await (await worker.fetch("/")).json();
    assertEquals(failures, {});
    assertGreater(run.filter((name: string) => name.startsWith("upstash: ")).length, 50);
    assertGreater(run.filter((name: string) => name.startsWith("memory: ")).length, 50);
  } finally {
    await worker.stop();
  }
});
