/**
 * A dashboard: queue depths, throughput and latency, tasks and their errors, dead letters, schedules and workers, as a
 * hono app that is mounted anywhere. It needs no build step and nothing from other servers, works without scripts, and
 * with them shows changes as they happen.
 *
 * @example
 * ```ts ignore
 * import { Huey } from "@hq/huey";
 * import { dashboard, recordHistory } from "@hq/huey/dashboard";
 * import { sqlite } from "@hq/huey/sqlite";
 *
 * const huey = new Huey("my-app", { storage: sqlite("huey.db") });
 * recordHistory(huey); // where tasks are run: finished tasks, throughput and workers are shown
 *
 * Deno.serve(dashboard(huey, { auth: { username: "ada", password: Deno.env.get("HUEY_PASSWORD")! } }).fetch);
 * ```
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import { ConfigurationError, type Huey } from "../mod.ts";
import { actOnDead, actOnSchedule, actOnTask, type Deed } from "./dashboard_actions.ts";
import { type DashboardAuth, guard, type Guarded, sameOrigin } from "./dashboard_guard.ts";
import { empty, layout, type Page, type View } from "./dashboard_layout.ts";
import { overview } from "./dashboard_overview.ts";
import { Reading } from "./dashboard_reading.ts";
import { schedules } from "./dashboard_schedules.ts";
import { SCRIPT } from "./dashboard_script.ts";
import { type Redact, Values } from "./dashboard_show.ts";
import { STYLE } from "./dashboard_style.ts";
import { task } from "./dashboard_task.ts";
import { deadLetters, tasks } from "./dashboard_tasks.ts";
import { names, workers } from "./dashboard_workers.ts";

export type { Hono } from "hono";
export { type HistoryOptions, recordHistory } from "./dashboard_record.ts";
export type { DashboardAuth, Verdict } from "./dashboard_guard.ts";
export type { Redact, Shown } from "./dashboard_show.ts";

/** For {@linkcode dashboard}. */
export interface DashboardOptions {
  /** Who is let in; absent: nobody. */
  auth?: DashboardAuth;
  /** Whether it only shows, and has no buttons. @default {false} */
  readOnly?: boolean;
  /**
   * Gives what is shown in place of an argument, a result, a progress or an error, as to leave out what is personal.
   * Fields whose names call themselves secret (`password`, `token` and so on) are hidden in any case. What it throws for
   * is hidden.
   */
  redact?: Redact;
  /**
   * What the addresses of its pages begin with, as `"/admin/huey"`, where requests are handed to it by hand, or where
   * something in front of it takes that away. Where hono mounts it with `route`, it knows by itself.
   */
  basePath?: string;
  /** Whether it holds a connection open to each viewer to tell of changes; else pages ask every five seconds. @default {true} */
  events?: boolean;
}

/** How often to look whether something has changed while somebody watches, and when the times on a page are old. */
const LOOK = 2_000;
const OLD = 10_000;
/** Connections that are held open; others ask now and then. */
const MOST_WATCHERS = 100;

const OPTIONS = ["auth", "readOnly", "redact", "basePath", "events"];

/**
 * The dashboard of a Huey instance, as a hono app: `app.route("/admin/huey", dashboard(huey, options))`, or
 * `Deno.serve(dashboard(huey, options).fetch)`, `Bun.serve`, `export default` in a Worker.
 *
 * It shows arguments and errors and can delete tasks, so without `auth` it lets nobody in. What changes something must
 * come from its own pages, whatever credentials a browser sends along.
 *
 * @throws {ConfigurationError} for options that cannot be.
 */
export function dashboard(huey: Huey, options: DashboardOptions = {}): Hono {
  const { auth, readOnly = false, redact, basePath, events = true } = options;
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) throw new ConfigurationError(`There is no option of a dashboard named '${name}'`);
  }
  if (basePath !== undefined && !/^(\/[^/?#]+)*$/.test(basePath)) {
    throw new ConfigurationError(`'basePath' must be as "/admin/huey": current value is ${JSON.stringify(basePath)}`);
  }
  const reading = new Reading(huey);
  const values = new Values(redact);
  const version = `huey-${digest(STYLE + SCRIPT)}`;
  let watchers = 0;

  const inner = new Hono<Guarded>();
  inner.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "same-origin",
    strictTransportSecurity: false, // for the server that it is mounted in to say
  }));
  inner.use(guard(auth));
  inner.use(sameOrigin());

  function view(c: Context): View {
    const { base } = c.env as Guarded["Bindings"];
    const only = readOnly || c.get("readOnly") === true;
    return {
      ...{ huey, reading, values, base, events, version },
      readOnly: only,
      now: reading.now,
      query: new URL(c.req.url).searchParams,
    };
  }

  async function show(c: Context, make: (view: View) => Promise<Page | undefined>): Promise<Response> {
    const seen = view(c);
    const page = await make(seen);
    c.header("cache-control", "no-store");
    return c.html(await layout(seen, page ?? MISSING), page ? 200 : 404);
  }

  async function act(c: Context, deed: Deed, back: string): Promise<Response> {
    const done = await deed;
    reading.refresh();
    if (done === undefined) return await show(c, () => Promise.resolve(undefined));
    return c.redirect(`${(c.env as Guarded["Bindings"]).base}/${back}?done=${done}`, 303);
  }

  function asset(type: string, body: string): (c: Context) => Response {
    return (c) => c.body(body, 200, { "content-type": type, "cache-control": "public, max-age=31536000, immutable" });
  }

  inner.get("/", (c) => show(c, overview));
  inner.get("/tasks", (c) => show(c, tasks));
  inner.get("/tasks/:id", (c) => show(c, (view) => task(view, c.req.param("id"))));
  inner.get("/dead", (c) => show(c, deadLetters));
  inner.get("/names", (c) => show(c, names));
  inner.get("/schedules", (c) => show(c, schedules));
  inner.get("/workers", (c) => show(c, workers));
  inner.get(`/assets/${version}.css`, asset("text/css; charset=utf-8", STYLE));
  inner.get(`/assets/${version}.js`, asset("text/javascript; charset=utf-8", SCRIPT));
  inner.get("/assets/icon.svg", asset("image/svg+xml", ICON));

  inner.get("/events", (c) => {
    if (!events || watchers >= MOST_WATCHERS) return c.text("Ask now and then instead", 503);
    watchers++;
    const ended = new AbortController();
    const read = (otherwise = "") => reading.counts().then((counts) => JSON.stringify(counts), () => otherwise);
    c.header("x-accel-buffering", "no"); // a proxy must not keep what is told until there is more
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => ended.abort());
      try {
        await stream.writeSSE({ event: "hello", data: version, retry: 5_000 });
        let known = await read();
        for (let told = reading.now; !ended.signal.aborted;) {
          await huey.core.clock.sleep(LOOK, ended.signal).catch(() => {});
          if (ended.signal.aborted) break;
          const counts = await read(known);
          if (counts === known && reading.now - told < OLD) continue;
          known = counts;
          told = reading.now;
          await stream.writeSSE({ event: "change", data: "" });
        }
      } finally {
        watchers--;
      }
    });
  });

  inner.post("*", async (c, next) => {
    if (view(c).readOnly) return c.text("This dashboard only shows", 403);
    await next();
  });
  inner.post("/tasks/:id/:action", (c) => {
    const { id, action } = c.req.param();
    const back = action === "delete" ? "dead" : `tasks/${encodeURIComponent(id)}`;
    return act(c, actOnTask(huey, id, action), back);
  });
  inner.post("/dead/:action", (c) => act(c, actOnDead(huey, c.req.param("action")), "dead"));
  inner.post("/schedules/:name/:action", (c) => {
    const { name, action } = c.req.param();
    return act(c, actOnSchedule(huey, name, action), "schedules");
  });
  inner.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    getLogger(["huey", "dashboard"]).error("A page could not be made: {error}", { error: error.name });
    return c.text("The storage does not answer, or not as it should; the log of the server says more", 503);
  });
  inner.notFound((c) => show(c, () => Promise.resolve(undefined)));

  const app = new Hono();
  app.all("*", (c) => {
    const url = new URL(c.req.url);
    // Where it is mounted by hono, the route says what comes before our own path.
    const depth = routePath(c).split("/").filter((part) => part !== "" && part !== "*").length;
    if (basePath && `${url.pathname}/`.startsWith(`${basePath}/`)) url.pathname = url.pathname.slice(basePath.length);
    const parts = url.pathname.split("/");
    const mounted = parts.slice(0, depth + 1).join("/").replace(/\/$/, "");
    url.pathname = `/${parts.slice(depth + 1).join("/")}`;
    const request = c.req.raw;
    // Its signal stays behind: on Deno whoever touches that is warned of what it will be.
    const { method, headers, body } = request;
    const init = { method, headers, body, duplex: "half" } as RequestInit;
    return inner.fetch(new Request(url, init), { base: (basePath ?? "") || mounted, request });
  });
  return app;
}

const MISSING: Page = {
  title: "Not found",
  current: "none",
  body: empty("There is nothing here", "The task has ended, and is not remembered any more, or the address is wrong."),
};

const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="7" fill="#2a2722"/><path d="M7 8h4v12H7zM17 8h4v12h-4z" fill="#f2b45c"/><path d="M11 12.5h6v3h-6z" fill="#fff"/></svg>`;

/** Changes with the text, so that a browser may keep what it has for ever. */
function digest(text: string): string {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return (hash >>> 0).toString(36);
}
