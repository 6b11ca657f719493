import { ownRuntime } from "./sandbox.ts";

/**
 * The part that this runtime has of what takes long and is the same under each of them: they are dealt it, so that
 * together they do all of it.
 */
export function ownShare<T>(items: readonly T[]): T[] {
  const own = ["deno", "bun", "node"].indexOf(ownRuntime);
  return items.filter((_, i) => i % 3 === own);
}
