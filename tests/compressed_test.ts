import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { fromBase64, toBase64 } from "../src/bytes.ts";
import { compressed } from "../src/compressed.ts";
import { json, SerializationError, type Serializer } from "../src/serializer.ts";

async function decode(serializer: Serializer, text: string): Promise<unknown> {
  return await serializer.decode(text);
}

test("compressed leaves short texts as they are, and what would not get shorter", async () => {
  assertEquals(await compressed().encode([1, 2]), "c~[1,2]");
  const noise = toBase64(crypto.getRandomValues(new Uint8Array(3_000)));
  assertEquals(await compressed().encode(noise), `c~"${noise}"`);
  assertEquals(await compressed().decode(await compressed().encode(noise)), noise);
});

test("compressed makes long texts shorter", async () => {
  const value = Array.from({ length: 1_000 }, (_, i) => ({ id: i, name: `Überraschung 😀 ${i % 7}` }));
  const text = await compressed().encode(value);
  assertMatch(text, /^z/);
  assertLess(text.length, JSON.stringify(value).length / 5);
  assertEquals(await compressed().decode(text), value);
});

test("compressed keeps a byte order mark at the beginning of the inner text", async () => {
  const serializer = compressed({ inner: { encode: String, decode: String } });
  const text = "\ufeff" + "a".repeat(5_000);
  assertEquals(await serializer.decode(await serializer.encode(text)), text);
});

test("compressed refuses a text that would not fit uncompressed, when written and when read", async () => {
  const value = "a".repeat(20_000);
  const small = compressed({ maxBytes: 10_000 });
  await assertRejects(async () => await small.encode(value), SerializationError, "Cannot encode the text");
  const text = await compressed().encode(value);
  const error = await assertRejects(() => decode(small, text), SerializationError);
  assertEquals(
    error.message,
    "Cannot decode the text: uncompressed it is larger than 'maxBytes': current value is 10000",
  );
});

test("compressed stops a decompression bomb at the limit", async () => {
  const zeros = new Blob([new Uint8Array(100 * 1_024 * 1_024)]).stream().pipeThrough(new CompressionStream("gzip"));
  const bomb = "z" + toBase64(new Uint8Array(await new Response(zeros).arrayBuffer()));
  assertLess(bomb.length, 200_000);
  await assertRejects(() => decode(compressed({ inner: json() }), bomb), SerializationError, "67108864");
});

test("compressed never takes a damaged text for another value, wherever the damage is", async () => {
  const serializer = compressed({ inner: json() });
  const value = Array.from({ length: 600 }, (_, i) => i);
  const text = await serializer.encode(value);
  const bytes = fromBase64(text.slice(1));
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice();
    changed[i] ^= 0xff;
    const outcome = await decode(serializer, "z" + toBase64(changed)).catch((error) => error);
    // Time and operating system in gzip's header mean nothing.
    const inHeader = i >= 4 && i < 10;
    if (inHeader && !(outcome instanceof Error)) assertEquals(outcome, value);
    else assertInstanceOf(outcome, SerializationError, `byte ${i}`);
  }
  for (const length of [0, 1, 2, 3, bytes.length >> 1, bytes.length - 1]) {
    const cut = "z" + toBase64(bytes.slice(0, length));
    await assertRejects(() => decode(serializer, cut), SerializationError, undefined, `cut to ${length}`);
  }
  for (const wrong of [`${text} `, `${text}=`, "z!!!!", `z ${text.slice(1)}`]) {
    await assertRejects(() => decode(serializer, wrong), SerializationError);
  }
});

test("compressed refuses a limit that is no count", () => {
  for (const maxBytes of [0, -1, 1.5, NaN]) assertThrows(() => compressed({ maxBytes }), RangeError, "'maxBytes'");
  assert(compressed({ maxBytes: Infinity }));
});
