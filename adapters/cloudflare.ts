/**
 * Cloudflare Workers: a cron trigger drains, and so does a request by somebody who knows the secret.
 *
 * @example
 * ```ts ignore
 * // wrangler.toml: [triggers] crons = ["* * * * *"]
 * import { Huey } from "@hq/huey";
 * import { cloudflare } from "@hq/huey/cloudflare";
 * import { upstash } from "@hq/huey/upstash";
 *
 * interface Env { UPSTASH_REDIS_REST_URL: string; UPSTASH_REDIS_REST_TOKEN: string; HUEY_SECRET: string }
 *
 * function createHuey(env: Env): Huey {
 *   const huey = new Huey("my-app", { storage: upstash.fromEnv(env) });
 *   huey.task("addNumbers", (a: number, b: number) => a + b);
 *   return huey;
 * }
 *
 * export default cloudflare(createHuey, { secret: (env: Env) => env.HUEY_SECRET });
 * ```
 *
 * @module
 */
import type { DrainOptions, DrainReport, Huey } from "../mod.ts";
import { createHandler, type DrainHandler } from "../src/http.ts";

/** For {@linkcode cloudflare}. */
export interface CloudflareOptions<Env = unknown> extends DrainOptions {
  /** What a request must show as `Authorization: Bearer …`; without one, `fetch` lets nobody in. */
  secret?: string | ((env: Env) => string);
}

/** The part of Cloudflare's execution context that is used. */
export interface ExecutionContextLike {
  /** Keeps the invocation alive until the promise has settled. */
  waitUntil(promise: Promise<unknown>): void;
}

/** What a Worker exports. */
export interface CloudflareHandlers<Env = unknown> {
  /** A cron trigger: drains. The trigger's own schedule should be every minute; yours are looked at inside. */
  scheduled(controller: unknown, env: Env, context: ExecutionContextLike): Promise<void>;
  /** A request: drains for who knows the secret, and answers with the report. */
  fetch(request: Request, env: Env, context: ExecutionContextLike): Promise<Response>;
  /** Drains once the answer is out, for a Worker that has just enqueued: no need to wait for the next minute. */
  nudge(env: Env, context: ExecutionContextLike): void;
}

/** What the free plan allows in an invocation, less some for the tasks' own requests. */
const FREE_PLAN = { maxRequests: 40 };

/**
 * The handlers of a Worker. A Huey that needs the environment's bindings is made by a function, once per environment.
 *
 * Drains within 40 requests to the storage unless `maxRequests` says otherwise: the free plan allows 50 subrequests in
 * all, and the tasks' own count too.
 */
export function cloudflare<Env = unknown>(
  huey: Huey | ((env: Env) => Huey),
  options: CloudflareOptions<Env> = {},
): CloudflareHandlers<Env> {
  const { secret, ...drainOptions } = { ...FREE_PLAN, ...options };
  const made = new WeakMap<object, { huey: Huey; handle: DrainHandler }>();

  function of(env: Env): { huey: Huey; handle: DrainHandler } {
    const key: object = typeof env === "object" && env !== null ? env : made;
    let entry = made.get(key);
    if (!entry) {
      const instance = typeof huey === "function" ? huey(env) : huey;
      const word = typeof secret === "function" ? secret(env) : secret;
      entry = {
        huey: instance,
        handle: word ? createHandler(instance, { ...drainOptions, secret: word }) : refuse,
      };
      made.set(key, entry);
    }
    return entry;
  }

  function drain(env: Env): Promise<DrainReport> {
    return of(env).huey.drain(drainOptions);
  }

  return {
    async scheduled(_controller, env) {
      await drain(env);
    },
    fetch: (request, env) => of(env).handle(request),
    nudge(env, context) {
      context.waitUntil(drain(env));
    },
  };
}

function refuse(): Promise<Response> {
  const error = "Give cloudflare() a secret to drain by request";
  return Promise.resolve(Response.json({ error }, { status: 401, headers: { "www-authenticate": "Bearer" } }));
}
