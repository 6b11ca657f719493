/**
 * The storage in Upstash's Redis, over HTTP: nothing but `fetch` is needed, so it works where there are no sockets.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 * import { upstash } from "@hq/huey/upstash";
 *
 * const storage = upstash({ url: "https://example.upstash.io", token: "…" });
 * const huey = new Huey("my-app", { storage });
 * ```
 *
 * @module
 */
import { Redis } from "@upstash/redis/cloudflare";
import { ConfigurationError } from "../src/errors.ts";
import type { Storage } from "../src/storage.ts";
import { Runner } from "./redis_runner.ts";
import { RedisStorage } from "./redis_storage.ts";

export { RedisError } from "./redis_error.ts";

/** What is used of a client of `@upstash/redis`, from whichever of its entries. */
export interface UpstashClient {
  /** Sends a command as it stands. */
  exec<Reply>(command: [command: string, ...args: string[]]): Promise<Reply>;
}

/** Where a database is, and what opens it. */
export interface UpstashCredentials {
  /** The URL of the REST API, which begins with `https://`. */
  url: string;
  /** The standard token of the REST API. */
  token: string;
}

/** Environment variables, as a Worker gets them or `Deno.env.toObject()` gives them. */
export interface UpstashEnv {
  /** The address, as Upstash names it. */
  readonly UPSTASH_REDIS_REST_URL?: unknown;
  /** The token, as Upstash names it. */
  readonly UPSTASH_REDIS_REST_TOKEN?: unknown;
  /** The address, as Vercel names it. */
  readonly KV_REST_API_URL?: unknown;
  /** The token, as Vercel names it. */
  readonly KV_REST_API_TOKEN?: unknown;
}

/** What {@linkcode upstash} makes. */
export interface UpstashStorage extends Storage {
  /** How many commands were executed so far, those in scripts included: what Upstash bills. */
  readonly commands: number;
}

/** See {@linkcode upstash}. */
export interface Upstash {
  /**
   * A storage in this database, or behind this client.
   *
   * @throws {ConfigurationError} if the URL or the token cannot be one.
   */
  (database: UpstashCredentials | UpstashClient): (name: string) => UpstashStorage;
  /**
   * A storage in the database that `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN` name, or else
   * `KV_REST_API_URL` and `KV_REST_API_TOKEN`. `env` is by default the environment of the process.
   *
   * @throws {ConfigurationError} if they are missing, or cannot be what they should.
   */
  fromEnv(env?: UpstashEnv): (name: string) => UpstashStorage;
}

/**
 * The storage in an Upstash database. Each operation is one request, and it is never woken: a consumer asks again and
 * again, less and less often, so give the work of an idle minute to `drain` where cost counts.
 *
 * A client that is given may have any settings. Its retries repeat also what must not be done twice (a value that is
 * popped, a counter), so one made for this has `retry: { retries: 0 }`; the library itself sends again what may be.
 */
export const upstash: Upstash = Object.assign(open, { fromEnv });

/** Put before every script: it locks the keys that it is given, and not the whole database. */
const FIRST_LINE = "#!lua flags=allow-key-locking\n";

/** A request that has no answer by then has none, in milliseconds. */
const PATIENCE = 30_000;

function open(database: UpstashCredentials | UpstashClient): (name: string) => UpstashStorage {
  const client = "exec" in database ? database : connect(database);
  const runner = new Runner((command, args) => send(client, command, args), { firstLine: FIRST_LINE });
  return (name) => new RedisStorage({ name, runner });
}

function fromEnv(env: UpstashEnv = ownEnv()): (name: string) => UpstashStorage {
  const [url, token] = (["URL", "TOKEN"] as const).map((name) => {
    const value = env[`UPSTASH_REDIS_REST_${name}`] || env[`KV_REST_API_${name}`];
    if (typeof value === "string") return value;
    throw new ConfigurationError(
      `Set UPSTASH_REDIS_REST_${name} or KV_REST_API_${name}: neither is in the environment`,
    );
  });
  return open({ url, token });
}

/** Not imported, since there are platforms that have none. */
function ownEnv(): UpstashEnv {
  return (globalThis as { process?: { env?: UpstashEnv } }).process?.env ?? {};
}

function connect({ url, token }: UpstashCredentials): UpstashClient {
  // What is wrong with them is not shown: somebody may have put one in the place of the other.
  if (typeof url !== "string" || !/^https?:\/\/[^\s#$./?]\S*$/.test(url)) {
    throw new ConfigurationError("Give the URL of Upstash's REST API as 'url': it begins with https://");
  }
  if (typeof token !== "string" || !/^\S+$/.test(token)) {
    throw new ConfigurationError("Give the token of Upstash's REST API as 'token': it is one word");
  }
  return new Redis({
    url,
    token,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    // Only an exchange may be sent again, and who sends it does so under its name.
    retry: { retries: 0 },
    // As a function, or an aborted request would resolve.
    signal: () => AbortSignal.timeout(PATIENCE),
  });
}

async function send(client: UpstashClient, command: string, args: string[]): Promise<unknown[]> {
  const reply = await client.exec<unknown>([command, ...args]).catch((error) => {
    throw toPlainError(error);
  });
  // A client whose signal is aborted resolves, with the reason for an answer.
  if (!Array.isArray(reply)) throw new Error("there was no answer");
  return reply;
}

/** What the answers mean that users can do something about. */
const ADVICE: [answer: RegExp, advice: string][] = [
  [/^WRONGPASS/, "give the token of the REST API, which is not the password; Upstash refuses this one"],
  [/^NOPERM/, "give the standard token; this one's user may not run scripts that write"],
  [/^ERR max (daily )?requests? limit/, "raise the database's limit or wait; its quota of commands is used up"],
  [/^ERR DB capacity quota/, "remove data or raise the database's limit; it is full"],
  [/^ERR max single record size/, "finish tasks or raise the database's limit; one of its records is full"],
];

/** What was thrown by the SDK, without the command that is in it. */
function toPlainError(thrown: unknown): Error {
  const { name, message } = thrown instanceof Error ? thrown : new Error();
  if (name === "UpstashJSONParseError") return new Error("check the URL; what is there does not answer in JSON");
  if (name !== "UpstashError") return new Error(`check the URL and the network; there was no answer (${name})`);
  if (/^ERR max (request|key) size/.test(message)) {
    return new RangeError("Store less at once: Upstash takes no request or key of this size");
  }
  const [answer] = message.split(", command was: ", 1);
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(answer)) ?? [];
  return new Error(advice ? `${answer.split(" ", 1)} ${advice}` : answer);
}
