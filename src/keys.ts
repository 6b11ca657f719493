/**
 * The user's own keys and values, apart from outcomes and locks.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { type Duration, toMilliseconds } from "./time.ts";

/** For `huey.put`. */
export interface KeyOptions {
  /** How long the value is kept; absent: until it is deleted. */
  ttl?: Duration;
}

/** Writes a value. */
export async function putKey(core: Core, key: string, value: unknown, options: KeyOptions = {}): Promise<void> {
  await put(core, key, value, options, false);
}

/** Writes a value unless there is one; tells whether it did. */
export function putKeyIfEmpty(core: Core, key: string, value: unknown, options: KeyOptions = {}): Promise<boolean> {
  return put(core, key, value, options, true);
}

/** Reads a value and leaves it. */
export async function getKey(core: Core, key: string): Promise<unknown> {
  const [text] = await core.storage.peek("keys", [key], core.storageTime());
  return text === undefined ? undefined : await core.serializer.decode(text);
}

/** Takes a value. */
export async function popKey(core: Core, key: string): Promise<unknown> {
  const text = await core.storage.pop("keys", key, core.storageTime());
  return text === undefined ? undefined : await core.serializer.decode(text);
}

/** Removes a key; tells whether it was there. */
export function deleteKey(core: Core, key: string): Promise<boolean> {
  return core.storage.delete("keys", key, { now: core.storageTime() });
}

async function put(
  core: Core,
  key: string,
  value: unknown,
  { ttl }: KeyOptions,
  ifAbsent: boolean,
): Promise<boolean> {
  return await core.storage.put("keys", key, await core.serializer.encode(value), {
    ttl: ttl === undefined ? undefined : toMilliseconds("ttl", ttl),
    ifAbsent,
    now: core.storageTime(),
  });
}
