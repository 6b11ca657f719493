/**
 * A drain over HTTP, for every platform whose cron can only send a request: Vercel, GitHub Actions, systemd timers, QStash.
 *
 * @example
 * ```ts ignore
 * import { createHandler } from "@hq/huey/http";
 * import { huey } from "./tasks.ts";
 *
 * Deno.serve(createHandler(huey, { secret: Deno.env.get("CRON_SECRET")! }));
 * ```
 *
 * @module
 */
import { isBearer, toSecrets } from "./bearer.ts";
import type { DrainOptions } from "./drain.ts";
import { ConfigurationError, describeError, HueyError } from "./errors.ts";
import type { Huey } from "./huey.ts";
import { log } from "./log.ts";
import { isSignedByQStash, type QStashKeys } from "./qstash.ts";
import { toMilliseconds } from "./time.ts";

export type { QStashKeys } from "./qstash.ts";

/** For {@linkcode createHandler}. */
export interface HandlerOptions extends DrainOptions {
  /** What the caller must show as `Authorization: Bearer …`; several while one is replaced by another. */
  secret?: string | readonly string[];
  /** The signing keys of Upstash QStash, whose requests carry a signature instead. */
  qstash?: QStashKeys;
}

/** Answers a request with a drain. */
export type DrainHandler = (request: Request) => Promise<Response>;

/**
 * Makes a handler that drains when it is sent a GET or a POST by somebody who knows the secret, and answers with the
 * report as JSON.
 *
 * Others are answered with 401, other methods with 405, and 503 means that the storage cannot be reached. One drain at a
 * time: whoever comes while one is at work is told 429, as there is nothing left for them to do.
 *
 * @throws {ConfigurationError} without a secret and without signing keys: nobody could be let in.
 */
export function createHandler(huey: Huey, options: HandlerOptions): DrainHandler {
  const { secret, qstash, ...drainOptions } = options;
  const secrets = toSecrets(secret);
  if (secrets.length === 0 && !qstash) {
    throw new ConfigurationError("A handler needs a secret, or the signing keys of QStash: nobody could be let in");
  }
  const { budget = "25s" } = drainOptions;
  const longest = budget === Infinity ? Infinity : toMilliseconds("budget", budget);
  let busyUntil = -Infinity;

  return async (request) => {
    if (request.method !== "GET" && request.method !== "POST") {
      return answer(405, "Send a GET or a POST", { allow: "GET, POST" });
    }
    const isLetIn = await isBearer(request, secrets) ||
      (qstash !== undefined && await isSignedByQStash(request, qstash, huey.core.clock.now()));
    if (!isLetIn) return answer(401, "Send Authorization: Bearer with the secret", { "www-authenticate": "Bearer" });
    const now = huey.core.clock.now();
    if (now < busyUntil) return answer(429, "A drain is at work already", { "retry-after": "10" });
    // No longer than that: a platform may stop a drain without a word, and the next one is not to wait for its end.
    const until = busyUntil = now + longest;
    try {
      return Response.json(await huey.drain(drainOptions));
    } catch (error) {
      if (error instanceof HueyError) throw error;
      log("http")?.error("The drain failed: {error}", { error: describeError(error) });
      return answer(503, "The storage does not answer", { "retry-after": "60" });
    } finally {
      if (busyUntil === until) busyUntil = -Infinity;
    }
  };
}

function answer(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers });
}
