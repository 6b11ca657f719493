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
import { createHandler } from "../src/http.ts";

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
 * The handlers of a Worker. A Huey that needs the environment's bindings is made by a function.
 *
 * Give a function wherever requests enqueue, too: what one invocation awaits dies with it when its client goes away, and
 * a Huey that they all share waits for it for half a minute. One that was made by the function serves one at a time.
 *
 * Drains within 40 requests to the storage unless `maxRequests` says otherwise: the free plan allows 50 subrequests in
 * all, and the tasks' own count too.
 */
export function cloudflare<Env = unknown>(
  huey: Huey | ((env: Env) => Huey),
  options: CloudflareOptions<Env> = {},
): CloudflareHandlers<Env> {
  const { secret, ...drainOptions } = { ...FREE_PLAN, ...options };
  const idle = new WeakMap<object, Huey[]>();

  /** One that has ended well is kept: it knows its schedules, and up to where they were looked at. */
  async function use<T>(env: Env, work: (huey: Huey) => Promise<T>): Promise<T> {
    if (typeof huey !== "function") return await work(huey);
    const key: object = typeof env === "object" && env !== null ? env : idle;
    const pool = idle.get(key) ?? [];
    idle.set(key, pool);
    const instance = pool.pop() ?? huey(env);
    const value = await work(instance);
    pool.push(instance);
    return value;
  }

  function drain(env: Env): Promise<DrainReport> {
    return use(env, (huey) => huey.drain(drainOptions));
  }

  return {
    async scheduled(_controller, env) {
      await drain(env);
    },
    async fetch(request, env, context) {
      const word = typeof secret === "function" ? secret(env) : secret;
      if (!word) return refuse();
      const answer = use(env, (huey) => createHandler(huey, { ...drainOptions, secret: word })(request));
      // A drain is to be finished also for a caller who does not wait for the report.
      context.waitUntil(answer);
      return await answer;
    },
    nudge(env, context) {
      context.waitUntil(drain(env));
    },
  };
}

function refuse(): Response {
  const error = "Give cloudflare() a secret to drain by request";
  return Response.json({ error }, { status: 401, headers: { "www-authenticate": "Bearer" } });
}
