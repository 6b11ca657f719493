import type { Context, MiddlewareHandler } from "hono";
import { basicAuth } from "hono/basic-auth";
import { html } from "hono/html";
import { ConfigurationError } from "../mod.ts";

/** What an own check of a request may say: in or not, in but only to look, or an answer of its own, as a redirect. */
export type Verdict = boolean | "read-only" | Response;

/**
 * Who is let in: a name and a password, which the browser asks for; a function that looks at the request; or `"none"`,
 * where something in front of the dashboard lets only the right people through.
 */
export type DashboardAuth =
  | { username: string; password: string }
  | ((request: Request) => Verdict | Promise<Verdict>)
  | "none";

/** What a request brings along from the guard. */
export interface Guarded {
  Variables: { readOnly: boolean };
  /** What every address begins with, and the request as it came, with its own address. */
  Bindings: { base: string; request: Request };
}

/** Lets in whom `auth` lets in, and without it nobody. */
export function guard(auth: DashboardAuth | undefined): MiddlewareHandler<Guarded> {
  if (auth === undefined) return async (c) => await refuse(c);
  if (auth === "none") return (_c, next) => next();
  if (typeof auth === "function") {
    return async (c, next) => {
      const verdict = await auth(c.env.request);
      // A copy, since the headers of one that was fetched or redirects cannot be added to.
      if (verdict instanceof Response) return new Response(verdict.body, verdict);
      if (verdict !== true && verdict !== "read-only") return c.text("You are not let in here", 401);
      if (verdict === "read-only") c.set("readOnly", true);
      await next();
    };
  }
  const { username, password } = auth;
  for (const [name, value] of Object.entries({ username, password })) {
    if (typeof value !== "string" || value === "") {
      throw new ConfigurationError(
        `'auth.${name}' must be a string that is not empty: is its environment variable set?`,
      );
    }
  }
  return basicAuth({ username, password, realm: "Huey" }) as MiddlewareHandler<Guarded>;
}

/**
 * What changes something must come from a page of ours: browsers say so with every form, in `Sec-Fetch-Site` or, older
 * ones, in `Origin`. Other programs send no credentials by themselves, and are to say so too.
 */
export function sameOrigin(): MiddlewareHandler {
  return async (c, next) => {
    const site = c.req.header("sec-fetch-site");
    const isOurs = site === undefined ? isOwn(c.req.header("origin"), c) : site === "same-origin";
    const isSafe = ["GET", "HEAD"].includes(c.req.method);
    if (!isSafe && !isOurs) return c.text("This must come from the dashboard's own page", 403);
    await next();
  };
}

/** The host is compared, not the whole origin: a proxy in front may speak TLS where we do not. */
function isOwn(origin: string | undefined, c: Context): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === (c.req.header("host") ?? new URL(c.req.url).host);
}

const HOW = `dashboard(huey, { auth: { username: "ada", password: "…" } }); // the browser asks
dashboard(huey, { auth: (request) => isAdmin(request) });       // your own check
dashboard(huey, { auth: "none" });                              // something in front of it checks`;

async function refuse(c: Context): Promise<Response> {
  const page = html`
    <!DOCTYPE html>
    <html lang="en">
      <meta charset="utf-8">
      <title>Closed · Huey</title>
      <h1>The dashboard is closed</h1>
      <p>It shows arguments and errors, and can delete tasks, so it lets nobody in before it was told whom. Give it <code>auth</code>:</p>
      <pre><code>${HOW}</code></pre>
    </html>
  `;
  return c.html(await page, 403);
}
