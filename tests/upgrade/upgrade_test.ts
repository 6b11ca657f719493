/** What earlier versions have written is read by this one: databases, messages, outcomes, texts of every serialiser. */
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertGreater } from "@std/assert";
import { memory } from "@hq/huey";
import { CARRIED, read, SERIALIZERS, write } from "./scenario.ts";
import { isKept, KEEPERS } from "./stores.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/upgrade", import.meta.url));
const versions = readdirSync(FIXTURES);

test("of each storage there is something that an earlier version has left", () => {
  for (const [storage, keeper] of Object.entries(KEEPERS)) {
    const kept = versions.filter((version) => isKept(`${FIXTURES}/${version}`, keeper));
    assertGreater(kept.length, 0, storage);
  }
});

for (const version of versions) {
  const folder = `${FIXTURES}/${version}`;

  for (const [storage, keeper] of Object.entries(KEEPERS)) {
    if (!isKept(folder, keeper)) continue;
    test(`${storage}: what version ${version} has left is read, and comes to its end; unknown fields survive`, async () => {
      await keeper.read(folder, read);
    });
  }

  test(`what the serialisers of version ${version} have written is read`, async () => {
    const texts: Record<string, string[]> = JSON.parse(readFileSync(`${folder}/texts.json`, "utf8"));
    for (const [name, list] of Object.entries(texts)) {
      const { decode } = SERIALIZERS[name]();
      for (const [i, text] of list.entries()) assertEquals(await decode(text), CARRIED[name][i], `${name}: ${i}`);
    }
  });
}

test("what this version writes, it reads", async () => {
  const storage = memory();
  await write(storage);
  await read(storage);
});
