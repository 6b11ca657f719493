/**
 * Takes the pictures of the dashboard that the README shows, out of a shop that has worked for an hour:
 * `deno task pictures`. It needs `/usr/bin/chromium`.
 *
 * @module
 */
import { dashboard } from "@hq/huey/dashboard";
import { chromium } from "playwright-core";
import { busyShop } from "../tests/busy_shop.ts";
import { listen } from "../tests/http_listener.ts";

const DESKTOP = { width: 1200, height: 760 };
const PHONE = { width: 375, height: 760 };

const shop = await busyShop(61);
const app = dashboard(shop.huey, { auth: "none" });
const listener = await listen(async (request) => await app.fetch(request));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none"],
});

const pictures: [name: string, path: string, viewport: typeof DESKTOP, colorScheme: "light" | "dark"][] = [
  ["overview", "/", DESKTOP, "light"],
  ["task", `/tasks/${shop.failedId}`, DESKTOP, "dark"],
  ["tasks", "/tasks?state=finished", DESKTOP, "light"],
  ["phone", "/", PHONE, "light"],
  ["phone-dark", `/tasks/${shop.pipelineId}`, PHONE, "dark"],
  ["schedules", "/schedules", PHONE, "dark"],
];
for (const [name, path, viewport, colorScheme] of pictures) {
  const page = await browser.newPage({ viewport, colorScheme });
  await page.goto(listener.url + path);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.screenshot({ path: `docs/images/dashboard-${name}.png` });
  await page.close();
}
await browser.close();
await listener.close();
await shop.close();
