/** The examples of servers: each is run as its users run it. That of Cloudflare and that of Deno Deploy have their own files. */
import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { crontab } from "@hq/huey";
import vercel from "../examples/vercel/vercel.json" with { type: "json" };
import { eventually } from "./eventually.ts";
import { listen } from "./http_listener.ts";
import { startRedis } from "./redis_server.ts";
import { inSandbox } from "./sandbox.ts";
import { UpstashServer } from "./upstash_server.ts";

test("the server of Bun's answers at once, and runs what it was sent", async () => {
  await inSandbox(async (sandbox) => {
    const server = sandbox.start("examples/bun_server.ts", [], "bun", {
      HUEY_FILE: `${sandbox.folder}/huey.db`,
      HUEY_SECRET: "a-secret",
      PORT: "0",
    });
    await server.wrote("Listening on");
    const [url] = /http:\S+/.exec(server.output)!;
    const added = await fetch(new URL("/add?a=1&b=2", url));
    assertEquals(added.status, 202);
    const { id } = await added.json();
    const read = async () => await (await fetch(new URL(`/result?id=${id}`, url))).json();
    await eventually(async () => (await read()).status === "complete");
    assertEquals(await read(), { status: "complete", value: 3 });

    const refused = await fetch(new URL("/drain", url), { method: "POST" });
    assertEquals([refused.status, (await refused.json()).error !== undefined], [401, true]);
    const drained = await fetch(new URL("/drain", url), {
      method: "POST",
      headers: { authorization: "Bearer a-secret" },
    });
    assertEquals([drained.status, (await drained.json()).stoppedBy], [200, "empty"]);
    server.kill("SIGTERM");
    assertEquals(await server.ended, 0);
  });
});

test("the route for Vercel enqueues, and is drained by the cron of vercel.json", async () => {
  const [{ path, schedule }] = vercel.crons;
  const minute = Date.parse("2026-01-01T00:00:00Z");
  assertEquals(crontab(schedule).next(minute), minute + 60_000);

  const redis = await startRedis();
  const upstash = new UpstashServer({ redis, token: "a-token" });
  const listener = await listen(upstash.fetch);
  try {
    // As they are connected to a project.
    process.env.KV_REST_API_URL = listener.url;
    process.env.KV_REST_API_TOKEN = "a-token";
    process.env.CRON_SECRET = "a-secret";
    const { GET, POST } = await import(`../examples/vercel${path}.ts`);
    const url = `https://example.vercel.app${path}`;
    assertEquals((await POST(new Request(`${url}?a=1&b=2`, { method: "POST" }))).status, 202);
    assertEquals((await GET(new Request(url))).status, 401);
    const response = await GET(new Request(url, { headers: { authorization: "Bearer a-secret" } }));
    const { executed, failed, remaining } = await response.json();
    assertEquals([response.status, failed, remaining], [200, 0, 0]);
    assertGreaterOrEqual(executed, 2, "the task, and the slot of the last minute");
  } finally {
    await listener.close();
    upstash.close();
    await redis.stop();
  }
});
