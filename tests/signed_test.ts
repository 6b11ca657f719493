import { test } from "node:test";
import { assertEquals, assertMatch, assertNotMatch, assertRejects, assertThrows } from "@std/assert";
import { toBase64 } from "../src/bytes.ts";
import { ConfigurationError } from "../src/errors.ts";
import { json, SerializationError, type Serializer } from "../src/serializer.ts";
import { type Secret, signed } from "../src/signed.ts";

async function decode(serializer: Serializer, text: string): Promise<unknown> {
  return await serializer.decode(text);
}

test("signed leaves the text readable behind its HMAC-SHA-256", async () => {
  const text = await signed("key", { inner: json() }).encode("The quick brown fox");
  const hmac = await crypto.subtle.sign(
    "HMAC",
    await crypto.subtle.importKey("raw", new TextEncoder().encode("key"), { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]),
    new TextEncoder().encode('~"The quick brown fox"'),
  );
  assertEquals(text, `s${toBase64(new Uint8Array(hmac))}~"The quick brown fox"`);
});

test("signed notices every changed, missing or added character", async () => {
  const serializer = signed("secret");
  const text = await serializer.encode({ amount: 100, when: new Date(0) });
  for (let i = 0; i < text.length; i++) {
    const other = text[i] === "A" ? "B" : "A";
    for (const changed of [text.slice(0, i) + other + text.slice(i + 1), text.slice(0, i) + text.slice(i + 1)]) {
      await assertRejects(() => decode(serializer, changed), SerializationError, undefined, `at ${i}`);
    }
  }
  for (const changed of [`${text} `, ` ${text}`, text.slice(0, 1) + "=" + text.slice(1), text + "\ud800"]) {
    await assertRejects(() => decode(serializer, changed), SerializationError);
  }
});

test("signed notices spare bits of the signature that base64 overlooks", async () => {
  const serializer = signed("secret");
  const text = await serializer.encode(1);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const spare = alphabet[alphabet.indexOf(text[43]) ^ 1];
  await assertRejects(() => decode(serializer, text.slice(0, 43) + spare + text.slice(44)), SerializationError);
});

test("signed reads what was written with a previous secret, and writes with the current one", async () => {
  const oldest = await signed("one").encode("oldest");
  const old = await signed(new Uint8Array([1, 2])).encode("old");
  const serializer = signed("three", { previous: ["one", new Uint8Array([1, 2])] });
  assertEquals(await serializer.decode(oldest), "oldest");
  assertEquals(await serializer.decode(old), "old");
  assertEquals(await signed("three").decode(await serializer.encode("new")), "new");
  assertEquals(await signed("two", { previous: "one" }).decode(oldest), "oldest");
  const error = await assertRejects(() => decode(signed("two"), oldest), SerializationError);
  assertMatch(error.message, /signature fits none of the secrets/);
  assertNotMatch(error.message, /oldest|two/);
});

test("signed takes bytes as they are at the time, whatever becomes of them", async () => {
  const secret = new Uint8Array([1, 2, 3]);
  const serializer = signed(secret);
  secret.fill(0);
  assertEquals(await signed(new Uint8Array([1, 2, 3])).decode(await serializer.encode(1)), 1);
});

test("signed refuses text that UTF-8 cannot hold, since two of them would have one signature", async () => {
  const serializer = signed("secret", { inner: { encode: String, decode: String } });
  await assertRejects(async () => await serializer.encode("\ud800"), SerializationError);
});

for (const secret of ["", new Uint8Array(0), undefined, null, 5, {}] as unknown as Secret[]) {
  test(`signed refuses ${secret instanceof Uint8Array ? "no bytes" : JSON.stringify(secret)} as a secret`, () => {
    assertThrows(() => signed(secret), ConfigurationError, "Cannot sign without a secret");
    assertThrows(() => signed("fine", { previous: [secret] }), ConfigurationError);
  });
}
