import type { Join } from "../src/storage.ts";
import type { KvKey } from "./deno_kv_database.ts";
import type { Entry } from "./deno_kv_entry.ts";
import { dropText, readText, type Text, writeText } from "./deno_kv_text.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

type Parts = NonNullable<Entry["parts"]>;

/** Where the chunks of large pages are. */
const CHUNKS: KvKey = ["c"];

/** How large a page may be without chunks, in bytes. */
const SMALL = 60_000;

/**
 * Adds those parts that are not there yet, `most` at the most; gives what is there then, or `undefined` if there was
 * nothing to add. What is joined together is one page, since a commit could not take a thousand keys.
 */
export function addParts(
  tx: Transaction,
  parts: Parts,
  joins: Join[],
  most: number,
): Parts | undefined {
  const filled = { ...parts.filled };
  const page: [index: number, value: string][] = [];
  for (const { index, value } of joins) {
    const [word, bit] = [Math.floor(index / 32), 1 << index % 32];
    if ((filled[word] ?? 0) & bit || page.length >= most) continue;
    filled[word] = (filled[word] ?? 0) | bit;
    page.push([index, value]);
  }
  if (page.length === 0) return undefined;
  // How many were there before is what no other page of them has, whichever process writes it.
  tx.set(["p", parts.token, parts.joined], writeText(tx, CHUNKS, JSON.stringify(page), SMALL));
  return { ...parts, filled, joined: parts.joined + page.length };
}

/** The values of all parts, in the order of their indices. */
export async function readParts(tx: Transaction, { token }: Parts): Promise<string[]> {
  const pages = await tx.list<Text>(["p", token]);
  const texts = await Promise.all(pages.map(({ value }) => readText(tx, CHUNKS, value)));
  const parts: [index: number, value: string][] = texts.flatMap((text) => JSON.parse(text));
  return parts.sort(([a], [b]) => a - b).map(([, value]) => value);
}

/** Leaves the parts to be removed: they can be more than one commit takes. */
export function dropParts(tx: Transaction, { token }: Parts): void {
  tx.set(["t", token], 1);
  tx.leaves = true;
}

/** What removes the parts that were left, of no more than `most` messages. */
export async function leftParts(tx: Transaction, most: number): Promise<((tx: Transaction) => void)[]> {
  const removals: ((tx: Transaction) => void)[] = [];
  for (const { key: left } of await tx.list<1>(["t"], { limit: most })) {
    for (const { key, value } of await tx.list<Text>(["p", left[1]])) {
      removals.push((tx) => {
        dropText(tx, CHUNKS, value);
        tx.delete(key);
      });
    }
    removals.push((tx) => tx.delete(left));
  }
  return removals;
}
