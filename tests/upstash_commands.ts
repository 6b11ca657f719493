/**
 * How Upstash's REST API differs from Redis in what a command does: some are refused, and scripts that ask for key
 * locking may touch declared keys only.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Reply } from "./resp_client.ts";

/** A command and its arguments. */
export type Command = (string | Uint8Array)[];

const REFUSED = new Set(
  [
    "multi exec discard watch unwatch auth hello quit reset client select monitor sync psync replicaof slaveof",
    "subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe",
    "blpop brpop brpoplpush blmove blmpop bzpopmin bzpopmax bzmpop wait waitaof",
    "shutdown debug save bgsave bgrewriteaof cluster module migrate failover swapdb slowlog latency memory",
  ].join(" ").split(" "),
);

/** Of Upstash's own words: the flag that stock Redis does not know. */
const FLAG = "allow-key-locking";

/** In front of a script with the flag. On one line, so that the lines of the script keep their numbers. */
const GUARD = `local redis = (function(redis)
  local declared = {}
  for _, key in ipairs(KEYS) do declared[key] = true end
  local function guarded(call)
    return function(...)
      local hasKeys, keys = pcall(redis.call, 'COMMAND', 'GETKEYS', ...)
      for _, key in ipairs(hasKeys and keys or {}) do
        if not declared[key] then
          error({ err = "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: " .. key })
        end
      end
      return call(...)
    end
  end
  return setmetatable({ call = guarded(redis.call), pcall = guarded(redis.pcall) }, { __index = redis })
end)(redis); `.replaceAll(/\s+/g, " ");

/** Why Upstash would not take a command over REST; `undefined` if it would. */
export function refusal(command: Command): string | undefined {
  const name = String(command[0]).toLowerCase();
  const blocks = /^xread(group)?$/.test(name) && command.some((word) => /^block$/i.test(String(word)));
  if (!REFUSED.has(name) && !blocks) return undefined;
  return `ERR Command is not available: '${name}'. See https://upstash.com/docs/redis/overall/compatibility for details`;
}

/** Makes the scripts of Upstash into those of stock Redis. */
export class Scripts {
  /** From the digest by which a client knows a script to the one by which Redis does. */
  readonly #digests = new Map<string, string>();

  /** The command as Redis is to have it. */
  translate(command: Command): Command {
    const [name, first, ...rest] = command;
    if (first === undefined) return command;
    switch (String(name).toLowerCase()) {
      case "eval":
      case "eval_ro":
        return [name, this.#script(String(first)), ...rest];
      case "evalsha":
      case "evalsha_ro":
        return [name, this.#digest(String(first)), ...rest];
      case "script":
        if (/^load$/i.test(String(first))) return [name, first, ...rest.map((text) => this.#script(String(text)))];
        if (/^exists$/i.test(String(first))) return [name, first, ...rest.map((text) => this.#digest(String(text)))];
        return command;
      default:
        return command;
    }
  }

  /** The reply as the client is to have it: the digest of the script that it has loaded, not of ours. */
  answer(command: Command, reply: Reply): Reply {
    const [name, verb, script] = command.map(String);
    const loaded = /^script$/i.test(name) && /^load$/i.test(verb) && reply instanceof Uint8Array;
    return loaded ? new TextEncoder().encode(sha1(script)) : reply;
  }

  #digest(digest: string): string {
    return this.#digests.get(digest.toLowerCase()) ?? digest;
  }

  #script(script: string): string {
    const [, flags] = /^#!lua .*\bflags=([^\s]+)/.exec(script) ?? [];
    const kept = flags?.split(",").filter((flag) => flag !== FLAG) ?? [];
    if (!flags?.split(",").includes(FLAG)) return script;
    const body = script.slice((script.indexOf("\n") + 1) || script.length);
    const plain = `${kept.length > 0 ? `#!lua flags=${kept.join(",")}` : ""}\n${GUARD}${body}`;
    this.#digests.set(sha1(script), sha1(plain));
    return plain;
  }
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
