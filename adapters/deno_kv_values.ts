import type { Space } from "../src/storage.ts";
import type { KvKey } from "./deno_kv_database.ts";
import { dropText, readText, type Text, writeText } from "./deno_kv_text.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

interface Value {
  text: Text;
  /** When it expires; absent: never. */
  until?: number;
}

/**
 * How much later than asked for Deno KV forgets what has expired, in milliseconds: the clock that is passed in, or that
 * of another process, may be behind the one of this process. Until then the instant that is kept with a value decides.
 */
export const SLACK = 60_000;

/** The chunks of large values. */
const CHUNKS: KvKey = ["x"];

/**
 * Is there as soon as a value with chunks, or a mark, was ever written. Most of the time neither was, and a commit that
 * checks this has to look for neither.
 */
const RARE: KvKey = ["rare"];

/** How large a value may be without chunks, in bytes. */
const SMALL = 60_000;

/** Where a value is. */
export function valueKey(space: Space, key: string): KvKey {
  return ["v", space, key];
}

/** The value of a key, unless it has expired: it is gone from the very instant on. */
export async function getValue(tx: Transaction, space: Space, key: string, now: number): Promise<string | undefined> {
  const value = await tx.get<Value>(valueKey(space, key));
  return isThere(value, now) ? await readText(tx, CHUNKS, value.text) : undefined;
}

/** The values of several keys. */
export async function getValues(
  tx: Transaction,
  space: Space,
  keys: string[],
  now: number,
): Promise<(string | undefined)[]> {
  await tx.read(keys.map((key) => valueKey(space, key)));
  return await Promise.all(keys.map((key) => getValue(tx, space, key, now)));
}

/** Writes a value; what an earlier one had, its time to live included, is forgotten. */
export async function setValue(
  tx: Transaction,
  space: Space,
  key: string,
  text: string,
  until: number | undefined,
  now: number,
): Promise<void> {
  await deleteValue(tx, space, key);
  const expireIn = until === undefined ? undefined : Math.max(0, Math.ceil(until - now)) + SLACK;
  const value: Value = { text: writeText(tx, CHUNKS, text, SMALL, expireIn), until };
  if ((space === "revoked" || typeof value.text !== "string") && !await tx.get(RARE)) tx.set(RARE, 1);
  tx.set(valueKey(space, key), value, expireIn);
  tx.touch(`${space} ${key}`);
}

/** Removes a key. */
export async function deleteValue(tx: Transaction, space: Space, key: string): Promise<void> {
  const value = await tx.get<Value>(valueKey(space, key));
  if (value) dropText(tx, CHUNKS, value.text);
  tx.delete(valueKey(space, key));
}

/** Adds to a counter, and leaves it the time to live that it has. */
export async function incrementValue(
  tx: Transaction,
  space: Space,
  key: string,
  by: number,
  ttl: number | undefined,
  now: number,
): Promise<number> {
  const counter = await tx.get<Value>(valueKey(space, key));
  const there = isThere(counter, now);
  const sum = Number(there ? counter.text : 0) + by;
  tx.check(valueKey(space, key));
  await setValue(tx, space, key, String(sum), there ? counter.until : ttl === undefined ? undefined : now + ttl, now);
  return sum;
}

/** How many values of a space have not expired. All of them are read. */
export async function countValues(tx: Transaction, space: Space, now: number): Promise<number> {
  const values = await tx.list<Value>(["v", space]);
  return values.filter(({ value }) => isThere(value, now)).length;
}

/** All keys of a space that have not expired, with their values. */
export async function listEntries(tx: Transaction, space: Space, now: number): Promise<[key: string, value: string][]> {
  const found = (await tx.list<Value>(["v", space])).filter(({ value }) => isThere(value, now));
  return await Promise.all(
    found.map(async ({ key, value }): Promise<[string, string]> => [
      key[2] as string,
      await readText(tx, CHUNKS, value.text),
    ]),
  );
}

/** The keys of a space. */
export async function listValues(tx: Transaction, space: Space): Promise<string[]> {
  return (await tx.list<Value>(["v", space])).map(({ key }) => key[2] as string);
}

/**
 * Whether a value with chunks, or a mark, was ever written. `guess`: it is taken for granted that none was, without
 * reading. If none was, the commit fails if one is by then.
 */
export async function isRare(tx: Transaction, guess: boolean): Promise<boolean> {
  if (guess) tx.expect(RARE, undefined, null);
  if (await tx.get(RARE)) return true;
  tx.check(RARE);
  return false;
}

/** Lets keys that are overwritten be taken for empty where none of their values can have chunks. They are not checked. */
export async function expectNoChunks(
  tx: Transaction,
  writes: { space: Space; key: string }[],
  rare: boolean,
): Promise<void> {
  const keys = writes.map(({ space, key }) => valueKey(space, key));
  if (rare && keys.length > 0 && await tx.some(CHUNKS)) await tx.read(keys);
  else for (const key of keys) tx.expect(key, undefined, null);
}

function isThere(value: Value | undefined, now: number): value is Value {
  return value !== undefined && (value.until === undefined || now < value.until);
}
