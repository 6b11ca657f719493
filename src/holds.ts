/**
 * Holds: keys in the storage that somebody has for a while, by a token of his own, so that nobody else can give them
 * back. A lock is a hold on one key; a limit of concurrency is a hold on one of several.
 *
 * @module
 */
import type { Core } from "./core.ts";
import type { Space } from "./storage.ts";

/** A key that is held. */
export interface Hold {
  /** Where it is. */
  readonly space: Space;
  /** The key. */
  readonly key: string;
  /** Who has it. */
  readonly token: string;
}

/** Takes the first of these keys that is free, for `ttl` milliseconds; `undefined` if none is. */
export async function takeHold(core: Core, space: Space, keys: string[], ttl: number): Promise<Hold | undefined> {
  const now = core.storageTime();
  const token = `~${crypto.randomUUID()}`;
  const held = keys.length > 1 ? await core.storage.peek(space, keys, now) : [];
  for (const [i, key] of keys.entries()) {
    if (held[i] !== undefined) continue;
    if (await core.storage.put(space, key, token, { ifAbsent: true, ttl, now })) return { space, key, token };
    // An answer that was lost may have been that we have it.
    const [there] = await core.storage.peek(space, [key], now);
    if (there === token) return { space, key, token };
  }
}

/** Keeps a hold for `ttl` milliseconds more; tells whether it still was ours. */
export function renewHold(core: Core, { space, key, token }: Hold, ttl: number): Promise<boolean> {
  return core.storage.put(space, key, token, { ifValue: token, ttl, now: core.storageTime() });
}

/** Gives a hold back; tells whether it still was ours. */
export function freeHold(core: Core, { space, key, token }: Hold): Promise<boolean> {
  return core.storage.delete(space, key, { ifValue: token, now: core.storageTime() });
}
