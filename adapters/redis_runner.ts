import { RedisError } from "./redis_error.ts";
import { type Operation, SCRIPTS } from "./redis_scripts.ts";

/**
 * Sends a command and its arguments. `key` is one of the keys in it, by which a cluster finds the right node; absent:
 * any node will do.
 */
export type Send = (command: string, args: string[], key?: string) => Promise<unknown>;

/** What is said of a failed operation. */
const DEEDS: Record<Operation, string> = {
  exchange: "settle, add or claim messages",
  renew: "renew leases",
  find: "find a message",
  list: "list messages",
  counts: "count messages",
  flush: "flush",
  put: "put a value",
  peek: "peek at values",
  take: "take a value",
  increment: "increment a counter",
};

interface Script {
  source: string;
  sha: Promise<string>;
}

/** Runs scripts by their hashes, and brings a script along where the server does not have it. */
export class Runner {
  readonly #send: Send;
  readonly #firstLine: string;
  readonly #scripts = new Map<Operation, Script>();

  /** `firstLine` is put before every script: Redis and its kin differ in the flags that it may hold. */
  constructor(send: Send, firstLine = "") {
    this.#send = send;
    this.#firstLine = firstLine;
  }

  /** The flat list that a script answers with. `count` is told of each request that is sent. */
  async run(
    operation: Operation,
    keys: readonly string[],
    args: readonly string[],
    count: () => void,
  ): Promise<unknown[]> {
    const { source, sha } = this.#script(operation);
    const rest = [`${keys.length}`, ...keys, ...args];
    const name = await sha;
    try {
      try {
        count();
        return await this.#send("EVALSHA", [name, ...rest], keys[0]) as unknown[];
      } catch (error) {
        if (!isUnknown(error)) throw error;
        count();
        return await this.#send("EVAL", [source, ...rest], keys[0]) as unknown[];
      }
    } catch (error) {
      throw new RedisError(DEEDS[operation], error);
    }
  }

  #script(operation: Operation): Script {
    let script = this.#scripts.get(operation);
    if (!script) {
      const source = this.#firstLine + SCRIPTS[operation];
      this.#scripts.set(operation, script = { source, sha: sha1(source) });
    }
    return script;
  }
}

/** The code with which an error begins is part of Redis' protocol; clients have no other sign of it in common. */
function isUnknown(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
