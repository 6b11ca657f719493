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
import type { DrainOptions } from "./drain.ts";
import { ConfigurationError } from "./errors.ts";
import type { Huey } from "./huey.ts";
import { isSignedByQStash, type QStashKeys } from "./qstash.ts";

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
 * report as JSON. One drain at a time: while one is at work, the others are told 429, since they could only wait.
 *
 * @throws {ConfigurationError} without a secret and without signing keys: nobody could be let in.
 */
export function createHandler(huey: Huey, options: HandlerOptions): DrainHandler {
  const { secret, qstash, ...drainOptions } = options;
  const secrets = typeof secret === "string" ? [secret] : secret ?? [];
  if (secrets.some((secret) => typeof secret !== "string" || secret === "")) {
    throw new ConfigurationError("A secret must be a string that is not empty: is its environment variable set?");
  }
  if (secrets.length === 0 && !qstash) {
    throw new ConfigurationError("A handler needs a secret, or the signing keys of QStash: nobody could be let in");
  }
  let isDraining = false;

  return async (request) => {
    if (request.method !== "GET" && request.method !== "POST") {
      return answer(405, "Send a GET or a POST", { allow: "GET, POST" });
    }
    const isLetIn = await isBearer(request, secrets) ||
      (qstash !== undefined && await isSignedByQStash(request, qstash, huey.core.clock.now()));
    if (!isLetIn) return answer(401, "Send Authorization: Bearer with the secret", { "www-authenticate": "Bearer" });
    if (isDraining) return answer(429, "A drain is at work already", { "retry-after": "10" });
    isDraining = true;
    try {
      return Response.json(await huey.drain(drainOptions));
    } catch {
      return answer(503, "The storage does not answer");
    } finally {
      isDraining = false;
    }
  };
}

function answer(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers });
}

async function isBearer(request: Request, secrets: readonly string[]): Promise<boolean> {
  const shown = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (shown === undefined) return false;
  // All of them are compared, whichever matches: how long it takes must not tell which.
  const matches = await Promise.all(secrets.map((secret) => isEqual(shown, secret)));
  return matches.includes(true);
}

/** Compares digests, so that the time it takes says nothing about how much of a guess is right. */
async function isEqual(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((text) => {
    return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  }));
  const right = new Uint8Array(b);
  return new Uint8Array(a).reduce((difference, byte, i) => difference | (byte ^ right[i]), 0) === 0;
}
