import type { KvKey } from "./deno_kv_database.ts";
import { Conflict, type Transaction } from "./deno_kv_transaction.ts";

/** A text in a value, or, as it is too large for that, in chunks of its own that nothing else ever has. */
export type Text = string | { token: string; chunks: number };

/** The largest value, in bytes. */
const CHUNK = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text to be kept in a value, of which it may have so many bytes. Its chunks, if it has any, are written. */
export function writeText(tx: Transaction, prefix: KvKey, text: string, most: number, expireIn?: number): Text {
  // In JSON a character has at most six bytes.
  if (text.length * 6 <= most) return text;
  const bytes = encoder.encode(JSON.stringify(text));
  if (bytes.length <= most) return text;
  const token = crypto.randomUUID();
  const chunks = Math.ceil(bytes.length / CHUNK);
  for (let i = 0; i < chunks; i++) tx.set([...prefix, token, i], bytes.slice(i * CHUNK, (i + 1) * CHUNK), expireIn);
  return { token, chunks };
}

/** Gives a text back. */
export async function readText(tx: Transaction, prefix: KvKey, text: Text): Promise<string> {
  if (typeof text === "string") return text;
  const chunks = await tx.bytes(chunkKeys(prefix, text));
  // Chunks never change, so if one is missing the text is no longer where it was found.
  if (chunks.includes(undefined)) throw new Conflict();
  return JSON.parse(decoder.decode(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer()));
}

/** Removes the chunks of a text. */
export function dropText(tx: Transaction, prefix: KvKey, text: Text): void {
  if (typeof text !== "string") { for (const key of chunkKeys(prefix, text)) tx.delete(key); }
}

function chunkKeys(prefix: KvKey, { token, chunks }: Exclude<Text, string>): KvKey[] {
  return Array.from({ length: chunks }, (_, i) => [...prefix, token, i]);
}
