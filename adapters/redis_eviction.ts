import { getLogger } from "@logtape/logtape";
import type { Send } from "./redis_runner.ts";

/**
 * Warns if the server evicts keys when its memory is full: messages would be lost without a word. Who may not ask is not
 * warned.
 */
export async function warnOfEviction(send: Send): Promise<void> {
  const info = await send("INFO", ["memory"]).catch(() => "");
  const policy = /^maxmemory_policy:(\S+)/m.exec(String(info))?.[1];
  if (policy === undefined || policy === "noeviction") return;
  getLogger(["huey", "redis"]).warn(
    "Redis evicts keys when its memory is full, so messages may be lost: maxmemory-policy is {policy}; " +
      "set it to noeviction",
    { policy },
  );
}
