import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Huey } from "@hq/huey";
import { dashboard } from "@hq/huey/dashboard";
import { hasTools } from "../scripts/bundle.ts";
import { listen } from "./http_listener.ts";
import { ownRuntime } from "./sandbox.ts";
import { startWorker } from "./workerd.ts";

type Handler = (request: Request) => Response | Promise<Response>;

interface Globals {
  Deno: {
    serve(options: object, handler: Handler): { addr: { port: number }; shutdown(): Promise<void> };
  };
  Bun: { serve(options: { port: number; fetch: Handler }): { port: number; stop(now: boolean): void } };
}

/** Serves as programs on this runtime do. */
async function serve(handler: Handler): Promise<{ url: string; stop(): Promise<unknown> }> {
  const { Deno, Bun } = globalThis as unknown as Globals;
  if (ownRuntime === "deno") {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
    return { url: `http://127.0.0.1:${server.addr.port}`, stop: () => server.shutdown() };
  }
  if (ownRuntime === "bun") {
    const server = Bun.serve({ port: 0, fetch: handler });
    return { url: `http://127.0.0.1:${server.port}`, stop: () => Promise.resolve(server.stop(true)) };
  }
  const { url, close } = await listen(async (request) => await handler(request));
  return { url, stop: close };
}

test("the dashboard is served by the runtime's own server: pages, forms and events", async () => {
  const huey = new Huey("served");
  const { id } = await huey.task("work", () => {}).schedule([], { delay: "1h" });
  const { url, stop } = await serve(dashboard(huey, { auth: { username: "ada", password: "secret" } }).fetch);
  const authorization = `Basic ${btoa("ada:secret")}`;
  try {
    assertEquals((await fetch(url)).status, 401);
    const page = await fetch(`${url}/tasks?state=scheduled`, { headers: { authorization } });
    assertMatch(await page.text(), new RegExp(`href="/tasks/${id}"`));
    const events = await fetch(`${url}/events`, { headers: { authorization } });
    const reader = events.body!.getReader();
    assertMatch(new TextDecoder().decode((await reader.read()).value), /event: hello/);
    await reader.cancel();
    const canceled = await fetch(`${url}/tasks/${id}/cancel`, {
      method: "POST",
      redirect: "manual",
      headers: { authorization, origin: url, "content-type": "application/x-www-form-urlencoded" },
      body: "",
    });
    assertEquals([canceled.status, canceled.headers.get("location")], [303, `/tasks/${id}?done=canceled`]);
    assertEquals((await huey.counts()).scheduled, 0);
  } finally {
    await stop();
  }
  await huey.close();
});

test("workerd: the dashboard is served by a Worker, and made at the top of its module", {
  skip: ownRuntime !== "node"
    ? "workerd is what runs the library here, whoever starts it"
    : hasTools()
    ? false
    : "esbuild and miniflare are not installed",
}, async () => {
  const worker = await startWorker(`
    import { Huey } from "@hq/huey";
    import { dashboard, recordHistory } from "@hq/huey/dashboard";
    const huey = new Huey("worker");
    recordHistory(huey);
    const add = huey.task("add", (a, b) => a + b);
    const app = dashboard(huey, { auth: "none", events: false });
    export default {
      async fetch(request) {
        if (new URL(request.url).pathname !== "/run") return app.fetch(request);
        await add(1, 2);
        return Response.json(await huey.drain());
      },
    };
  `);
  try {
    assertEquals((await (await worker.fetch("/run")).json() as { executed: number }).executed, 1);
    const page = await worker.fetch("/tasks?state=finished");
    assertEquals(page.status, 200);
    assertMatch(await page.text(), />add<\/a>.*>1, 2<\/code>[\s\S]*complete/);
    const deleted = await worker.fetch("/dead/delete", {
      method: "POST",
      redirect: "manual",
      headers: { "sec-fetch-site": "same-origin" },
    });
    assertEquals(deleted.status, 303);
    assert((await (await worker.fetch("/")).text()).includes("1 complete"));
  } finally {
    await worker.stop();
  }
});
