import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { every, Huey } from "@hq/huey";
import { dashboard, type DashboardOptions, recordHistory } from "@hq/huey/dashboard";
import { TestClock } from "@hq/huey/testing";
import { type Browser, type BrowserContextOptions, chromium, type Page, type Response } from "playwright-core";
import { busyShop } from "./busy_shop.ts";
import { eventually } from "./eventually.ts";
import { EXAMINE, type Examined } from "./examine_page.ts";
import { type HttpListener, listen } from "./http_listener.ts";
import { ownRuntime } from "./sandbox.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const FLAGS = [
  ..."--headless --no-sandbox --disable-gpu --disable-quic --no-first-run".split(" "),
  ..."--disable-background-networking --disable-component-update --disable-sync".split(" "),
];
const PAGES = ["/", "/?range=day", "/names", "/dead", "/schedules", "/workers", "/nowhere"].concat(
  ["queued", "scheduled", "running", "finished", "failed", "dead"].map((state) => `/tasks?state=${state}`),
);
/** What has the focus, if one can see that it has. */
const FOCUSED = `(({ textContent }, { outlineStyle, outlineWidth }) =>
  outlineStyle + outlineWidth === "solid2px" ? textContent : "no ring")(
    document.activeElement, getComputedStyle(document.activeElement))`;
const ATTACK = `"'><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`;

const skip = ownRuntime !== "node"
  ? "the browser shows the same, whoever drives it"
  : CHROMIUM === undefined && "there is no /usr/bin/chromium: apt-get install chromium";

const browser: Browser | undefined = skip
  ? undefined
  : await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
after(() => browser?.close());

/** Registers a test in a browser, which fails on anything that the browser complains about. */
function inBrowser(title: string, body: (stage: Stage) => Promise<void>): void {
  test(`in a browser, ${title}`, { skip }, async () => {
    const stage = new Stage();
    try {
      await body(stage);
      assertEquals(stage.complaints, []);
    } finally {
      await stage.close();
    }
  });
}

/** A dashboard that is served, and browsers that look at it. */
class Stage {
  readonly clock = new TestClock();
  readonly huey = new Huey("tests", { clock: this.clock });
  readonly complaints: string[] = [];
  /** What the browser may complain about: a page that is not found is one, too. */
  expected = /404/;
  readonly #listeners: HttpListener[] = [];
  readonly #contexts: { close(): Promise<void> }[] = [];

  async serve(huey: Huey = this.huey, options: DashboardOptions = {}): Promise<string> {
    const app = dashboard(huey, { auth: "none", ...options });
    return await this.listen(async (request) => await app.fetch(request));
  }

  async listen(handler: Parameters<typeof listen>[0]): Promise<string> {
    const listener = await listen(handler);
    this.#listeners.push(listener);
    return listener.url;
  }

  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser!.newContext(options);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" && !this.expected.test(message.text())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("dialog", (dialog) => {
      this.complaints.push(dialog.message());
      void dialog.dismiss();
    });
    return page;
  }

  async close(): Promise<void> {
    for (const context of this.#contexts) await context.close();
    for (const listener of this.#listeners) await listener.close();
    await this.huey.close();
  }
}

inBrowser("all text has contrast, all controls have names, and nothing is wider than a phone", async (stage) => {
  const shop = await busyShop(8);
  const url = await stage.serve(shop.huey);
  const paths = [...PAGES, `/tasks/${shop.pipelineId}`, `/tasks/${shop.failedId}`];
  const page = await stage.open();
  for (const path of paths) {
    await page.goto(url + path);
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [375, 1360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        const found = { path, colorScheme, width, ...await page.evaluate<Examined>(EXAMINE) };
        assertEquals(found, { path, colorScheme, width, pale: [], nameless: [], twice: [], over: 0, h1: 1 });
      }
    }
  }
  await shop.close();
});

inBrowser("everything can be done with the keys alone", async (stage) => {
  const { huey } = stage;
  const lost = huey.task("lost", (_n: number) => {});
  await lost.map([[1], [2]]);
  lost.unregister();
  await huey.drain();
  const page = await stage.open();
  await page.goto(`${await stage.serve()}/dead`);
  await page.keyboard.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.textContent"), "Skip to the content");
  await page.keyboard.press("Enter");
  const seen: string[] = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    seen.push(
      await page.evaluate(FOCUSED),
    );
    if (seen.at(-1) === "Delete all") break;
  }
  assertEquals(seen, ["Retry all", "Delete all"]);
  await page.keyboard.press("Enter"); // opens the question
  assert(await page.getByText("Delete 2 dead letters for good?").isVisible());
  await page.keyboard.press("Escape");
  assert(!await page.getByText("Delete 2 dead letters for good?").isVisible());
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/done=deleted/);
  assertEquals((await huey.counts()).dead, 0);
  await page.getByRole("link", { name: "Tasks" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/tasks$/);
  await page.keyboard.press("/");
  assertEquals(await page.evaluate("document.activeElement.type"), "search");
});

inBrowser("markup in names, arguments and errors does nothing", async (stage) => {
  const { huey } = stage;
  recordHistory(huey, { worker: ATTACK });
  const fail = huey.task(ATTACK, (_value: unknown) => {
    throw Object.assign(new Error(ATTACK), { name: ATTACK, stack: ATTACK });
  });
  const give = huey.task(`give ${ATTACK}`, (value: unknown) => value);
  const { id } = await fail({ [ATTACK]: ATTACK });
  const given = await give(ATTACK);
  await huey.schedules.put(ATTACK, every("1h"), give.s(ATTACK));
  await huey.drain();
  const url = await stage.serve();
  const page = await stage.open();
  const search = encodeURIComponent(ATTACK);
  for (const path of [...PAGES, `/tasks/${id}`, `/tasks/${given.id}`, `/tasks?q=${search}&name=${search}`]) {
    await page.goto(url + path);
    assertEquals(await page.evaluate("[window.pwned, document.images.length]"), [undefined, 0]);
  }
  // And if markup got in after all, its scripts would not run.
  stage.expected = /404|Content Security Policy/;
  await page.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(ATTACK)})`);
  await page.waitForTimeout(100);
  assertEquals(await page.evaluate("window.pwned"), undefined);
});

inBrowser("a form on another site changes nothing, whatever credentials the browser sends along", async (stage) => {
  const { huey } = stage;
  const { id } = await huey.task("work", () => {}).schedule([], { delay: "1h" });
  const httpCredentials = { username: "ada", password: "secret" };
  const url = await stage.serve(huey, { auth: httpCredentials });
  const evil = await stage.listen(() =>
    Promise.resolve(
      new globalThis.Response(
        `<form method="post" action="${url}/tasks/${id}/cancel"><button>Win a prize</button></form>`,
        {
          headers: { "content-type": "text/html" },
        },
      ),
    )
  );
  stage.expected = /40[134]/; // who is asked for a password was first refused, and a refusal has no icon
  const page = await stage.open({ httpCredentials });
  await page.goto(url);
  await page.goto(evil);
  const answered = page.waitForResponse(/cancel$/);
  await page.getByRole("button").click();
  assertEquals((await answered).status(), 403);
  assertEquals((await huey.counts()).scheduled, 1);
  await page.goto(`${url}/tasks/${id}`);
  await page.locator("summary", { hasText: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel" }).last().click();
  await page.waitForURL(/done=canceled/);
  assertEquals((await huey.counts()).scheduled, 0);
});

inBrowser("all of it works without scripts", async (stage) => {
  const { huey, clock } = stage;
  recordHistory(huey);
  const lost = huey.task("lost", (_n: number) => {});
  await lost.map([[1], [2]]);
  lost.unregister();
  await huey.drain();
  const remind = huey.task("remind", (_who: string) => {});
  await huey.schedules.put("ada", every("1h"), remind.s("ada"));
  const url = await stage.serve();
  const page = await stage.open({ javaScriptEnabled: false });
  await page.goto(url);
  await page.getByRole("link", { name: /^Dead letters/ }).first().click();
  await page.getByRole("button", { name: "Retry", exact: true }).first().click();
  await page.getByText("Back in the queue.").waitFor();
  assertEquals((await huey.counts()).queued, 1);
  await clock.advance("2s");
  await page.goto(`${url}/dead`);
  await page.locator("summary", { hasText: "Delete all" }).click();
  await page.getByRole("button", { name: "Delete all" }).last().click();
  await page.getByText("Deleted.").waitFor();
  await page.goto(`${url}/schedules`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("The schedule is paused.").waitFor();
  assertEquals((await huey.schedules.list())[0].paused, true);
  await page.goto(`${url}/tasks`);
  await page.getByRole("searchbox").fill("los");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/q=los/);
  assertEquals(await page.locator("tbody tr").count(), 1);
});

inBrowser("a page shows changes as they happen, and keeps what is open", async (stage) => {
  const { huey, clock } = stage;
  recordHistory(huey);
  const fail = huey.task("fail", { retries: 5 }, () => {
    throw new Error("no luck");
  });
  const { id } = await fail.schedule([], { retries: 0 });
  await huey.drain();
  const work = huey.task("work", () => {});
  const url = await stage.serve();
  const page = await stage.open();
  await page.goto(url);
  const queued = page.locator("#tiles strong").first();
  assertEquals(await queued.textContent(), "0");
  await page.getByText("Live", { exact: true }).waitFor();
  await work.map([[], [], []]);
  await clock.advance("3s");
  await eventually(async () => await queued.textContent() === "3");

  await page.goto(`${url}/tasks/${id}`);
  await page.getByText("Live", { exact: true }).waitFor();
  const summary = page.locator("#attempts summary");
  await summary.click(); // it was open
  await summary.focus();
  await work();
  await clock.advance("12s");
  await eventually(async () => /15 s ago/.test(await page.locator("#attempts").textContent() ?? ""));
  assertEquals(await page.locator("#attempts details").getAttribute("open"), null);
  assertEquals(await page.evaluate("document.activeElement.tagName"), "SUMMARY");
});

inBrowser("a page that is not told of changes asks for them", async (stage) => {
  const { huey, clock } = stage;
  const page = await stage.open();
  await page.clock.install();
  await page.goto(await stage.serve(huey, { events: false }));
  await huey.task("work", () => {}).map([[], []]);
  await clock.advance("2s");
  await page.clock.runFor(6_000);
  const queued = page.locator("#tiles strong").first();
  await eventually(async () => await queued.textContent() === "2");
  await page.getByText("Live, every 5 s").waitFor();
});

inBrowser("what a first visit takes is small", async (stage) => {
  const shop = await busyShop(15);
  const url = await stage.serve(shop.huey);
  const page = await stage.open();
  const responses: Response[] = [];
  const note = (response: Response): void => {
    if (!response.url().endsWith("/events")) responses.push(response);
  };
  page.on("response", note);
  await page.goto(url, { waitUntil: "load" });
  page.off("response", note);
  const sizes = await Promise.all(responses.map(async (response) => gzipSync(await response.body()).length));
  assertGreaterOrEqual(sizes.length, 3);
  const sum = sizes.reduce((sum, size) => sum + size, 0);
  assert(sum < 30_000, `${sum} bytes`);
  await shop.close();
});
