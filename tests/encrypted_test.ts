import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotMatch, assertRejects, assertThrows } from "@std/assert";
import { fromBase64, toBase64 } from "../src/bytes.ts";
import { encrypted, type EncryptionKey } from "../src/encrypted.ts";
import { ConfigurationError } from "../src/errors.ts";
import { SerializationError, type Serializer } from "../src/serializer.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const OTHER = new Uint8Array(32).fill(1);

async function decode(serializer: Serializer, text: string): Promise<unknown> {
  return await serializer.decode(text);
}

test("encrypted shows nothing of the value and never writes the same text twice", async () => {
  const serializer = encrypted(KEY);
  const texts = new Set<string>();
  for (let i = 0; i < 100; i++) texts.add(await serializer.encode("visible".repeat(20)));
  assertEquals(texts.size, 100);
  for (const text of texts) assertNotMatch(atob(text.slice(1)), /visible/);
});

test("encrypted takes bytes, their base64 or a CryptoKey as the same key", async () => {
  const key = await crypto.subtle.importKey("raw", KEY, "AES-GCM", false, ["encrypt", "decrypt"]);
  const text = await encrypted(KEY).encode({ a: 1 });
  for (const same of [KEY, toBase64(KEY), key]) assertEquals(await encrypted(same).decode(text), { a: 1 });
});

test("encrypted notices every changed bit, and a text cut short", async () => {
  const serializer = encrypted(KEY);
  const bytes = fromBase64((await serializer.encode({ amount: 100 })).slice(1));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);
    await assertRejects(() => decode(serializer, "e" + toBase64(changed)), SerializationError, undefined, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    await assertRejects(() => decode(serializer, "e" + toBase64(bytes.slice(0, length))), SerializationError);
  }
});

test("encrypted reads what was written with a previous key, and writes with the current one", async () => {
  const old = await encrypted(OTHER).encode("old");
  for (const previous of [OTHER, [KEY, OTHER], toBase64(OTHER)]) {
    const serializer = encrypted(KEY, { previous });
    assertEquals(await serializer.decode(old), "old");
    assertEquals(await encrypted(KEY).decode(await serializer.encode("new")), "new");
  }
  const error = await assertRejects(() => decode(encrypted(KEY), old), SerializationError);
  assertMatch(error.message, /changed, or encrypted with none of the keys/);
});

test("encrypted takes bytes as they are at the time, whatever becomes of them", async () => {
  const key = KEY.slice();
  const serializer = encrypted(key);
  key.fill(0);
  assertEquals(await encrypted(KEY).decode(await serializer.encode(1)), 1);
});

test("encrypted refuses what is no AES-256 key, without quoting it", async () => {
  const short = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt", "decrypt"]);
  const hmac = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const wrong = ["", "password", "hunter2!", new Uint8Array(16), new Uint8Array(0), short, hmac, undefined, null, {}];
  for (const key of wrong as EncryptionKey[]) {
    const error = assertThrows(() => encrypted(key), ConfigurationError);
    assertMatch(error.message, /^Cannot encrypt without an AES-256 key: current value is .+; give 32 bytes/);
    assertNotMatch(error.message, /password|hunter/);
    assertThrows(() => encrypted(KEY, { previous: [key] }), ConfigurationError);
  }
  assert(encrypted(KEY));
});
