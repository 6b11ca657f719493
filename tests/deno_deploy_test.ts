/** The example in `examples/deno_deploy/`, as its users run it: by the Deno command, with a real `Deno.cron` and KV. */
import { test } from "node:test";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ConfigurationError, Huey } from "@hq/huey";
import { denoCron } from "@hq/huey/deno-deploy";
import { eventually } from "./eventually.ts";
import { inSandbox, ownRuntime } from "./sandbox.ts";

interface Registered {
  name: string;
  schedule: string;
  options: { backoffSchedule: number[] };
  handler(): Promise<void>;
}

/** What is registered while `Deno.cron` is a stand-in for the real one. */
function whileCronIs(cron: unknown, body: () => void): void {
  const { Deno } = globalThis as { Deno?: object };
  Object.defineProperty(globalThis, "Deno", { value: { cron }, configurable: true, writable: true });
  try {
    body();
  } finally {
    if (Deno) Object.assign(globalThis, { Deno });
    else Reflect.deleteProperty(globalThis, "Deno");
  }
}

test("one cron is registered, of every minute, and not to be tried again", async () => {
  const huey = new Huey("tests");
  const crons: Registered[] = [];
  whileCronIs(
    (name: string, schedule: string, options: Registered["options"], handler: Registered["handler"]) =>
      crons.push({ name, schedule, options, handler }),
    () => denoCron(huey, { maxTasks: 2 }),
  );
  const [{ handler, ...registered }] = crons;
  assertEquals([crons.length, registered], [1, {
    name: "huey",
    schedule: "* * * * *",
    options: { backoffSchedule: [] },
  }]);
  await huey.task("work", () => {}).map([[], [], []]);
  await handler();
  assertEquals((await huey.counts()).queued, 1);
});

test("where there is no Deno.cron it says what to do", () => {
  whileCronIs(undefined, () => assertThrows(() => denoCron(new Huey("tests")), ConfigurationError, "unstable"));
});

test("the example for Deno Deploy runs what is due and what waits at its minute, by a real Deno.cron", {
  skip: ownRuntime === "deno" ? false : "Deno.cron is Deno's own",
}, async () => {
  await inSandbox(async (sandbox) => {
    // The cron strikes at the full minute. Not to wait for the whole of one, it is begun shortly before.
    await new Promise((resolve) => setTimeout(resolve, (2 * 60_000 - 8_000 - Date.now() % 60_000) % 60_000));
    const child = sandbox.start("examples/deno_deploy/main.ts", [], "deno", {
      HUEY_KV: `${sandbox.folder}/queue.kv`,
      HUEY_PASSWORD: "secret",
      DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
    });
    await child.wrote("Listening on");
    const [url] = /http:\S+/.exec(child.output)!;
    const added = await fetch(new URL("/add?a=1&b=2", url));
    assertEquals(added.status, 202);
    const { id } = await added.json();
    const read = async () => await (await fetch(new URL(`/result?id=${id}`, url))).json();
    assertEquals(await read(), { status: "queued" });
    await eventually(async () => (await read()).status === "complete");
    assertEquals(await read(), { status: "complete", value: 3 });
    await child.wrote("a minute has passed");
    assertEquals((await fetch(new URL("/huey", url))).status, 401);
    const authorization = `Basic ${btoa("admin:secret")}`;
    const page = await fetch(new URL(`/huey/tasks/${id}`, url), { headers: { authorization } });
    assertEquals(page.status, 200);
    assertMatch(await page.text(), /href="\/huey\/tasks"[\s\S]*addNumbers[\s\S]*complete/);
    assertEquals(child.output.split("a minute has passed").length, 2, "the slot ran once");
  });
});
