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
  entries: "list values",
  take: "take a value",
  increment: "increment a counter",
};

interface Script {
  source: string;
  sha: Promise<string>;
  /** The hash, once it is there and the server has run the script. */
  known?: string;
}

/** For {@linkcode Runner}. */
export interface RunnerOptions {
  /** Put before every script: Redis and its kin differ in the flags that it may hold. */
  firstLine?: string;
  /**
   * Whether what is sent arrives in order, which is then kept: a script that the server may not have is sent whole, since
   * one that has to be sent again would come after those that were sent meanwhile.
   */
  isOrdered?: boolean;
}

/** What running scripts has cost. */
export interface Tally {
  /** How many requests were sent. */
  requests: number;
  /** How many commands were executed, those that run scripts and those in them. */
  commands: number;
}

/** Runs scripts by their hashes, and brings a script along where the server does not have it. */
export class Runner {
  readonly isOrdered: boolean;
  readonly #send: Send;
  readonly #firstLine: string;
  readonly #scripts = new Map<Operation, Script>();

  constructor(send: Send, { firstLine = "", isOrdered = false }: RunnerOptions = {}) {
    this.#send = send;
    this.#firstLine = firstLine;
    this.isOrdered = isOrdered;
  }

  /** The flat list that a script answers with. What it costs is added to `tally`. */
  async run(
    operation: Operation,
    keys: readonly string[],
    args: readonly string[],
    tally: Tally,
  ): Promise<unknown[]> {
    // Counted before anything is awaited: who counts what is under way must not overlook it.
    tally.requests++;
    const script = this.#script(operation);
    const rest = [`${keys.length}`, ...keys, ...args];
    const send = async (command: string, name: string): Promise<unknown[]> => {
      tally.commands++;
      const reply = await this.#send(command, [name, ...rest], keys[0]) as unknown[];
      tally.commands += Number(reply.pop());
      script.known ??= await script.sha;
      return reply;
    };
    try {
      if (this.isOrdered && !script.known) return await send("EVAL", script.source);
      return await send("EVALSHA", script.known ?? await script.sha).catch((error) => {
        if (!isUnknown(error)) throw error;
        tally.requests++;
        return send("EVAL", script.source);
      });
    } catch (error) {
      // What can never be stored is told as the contract has it.
      throw error instanceof RangeError ? error : new RedisError(DEEDS[operation], error);
    }
  }

  #script(operation: Operation): Script {
    let script = this.#scripts.get(operation);
    if (!script) {
      const source = this.#firstLine + counted(SCRIPTS[operation]);
      this.#scripts.set(operation, script = { source, sha: sha1(source) });
    }
    return script;
  }
}

/** A script that also counts the commands in it: their number is the last item of its answer. */
function counted(script: string): string {
  return `local commands = 0
local function counting(call)
  return function(...)
    commands = commands + 1
    return call(...)
  end
end
local redis = { call = counting(redis.call), pcall = counting(redis.pcall) }
local function run()
${script}
end
local reply = run()
reply[#reply + 1] = commands
return reply
`;
}

/** The code with which an error begins is part of Redis' protocol; clients have no other sign of it in common. */
function isUnknown(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
