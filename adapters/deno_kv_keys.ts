import type { KvKey } from "./deno_kv_database.ts";

/** The largest key, in bytes. */
export const LARGEST_KEY = 2_048;

const encoder = new TextEncoder();

/** A key's size in bytes: each part has a mark, and a string an end; a zero byte is escaped. */
export function keySize(key: KvKey): number {
  let size = 0;
  for (const part of key) {
    if (typeof part === "number") size += 9;
    else size += 2 + byteLength(part) + (part.includes("\0") ? part.split("\0").length - 1 : 0);
  }
  return size;
}

/** Of a string in UTF-8. Most are short and of ASCII alone. */
function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return encoder.encode(text).length;
  return text.length;
}

/** Whether a key lies under a prefix, and before an end. */
export function isUnder(key: KvKey, prefix: KvKey, end?: KvKey): boolean {
  return prefix.every((part, i) => key[i] === part) && (!end || compareKeys(key, end) < 0);
}

/** As Deno KV orders them, where the parts at one place are of one type. */
export function compareKeys(a: KvKey, b: KvKey): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return a.length - b.length;
}
