/** The page of guarantees names, for each of its sentences, a test; here it is seen that there are such tests. */
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertGreater } from "@std/assert";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const page = readFileSync(`${ROOT}docs/guarantees.md`, "utf8");
/** Each promise is an item of a list. */
const promises = page.split(/\n(?=- |#)/).filter((item) => item.startsWith("- "));

test("each guarantee names the test that shows it, and there is such a test", () => {
  assertGreater(promises.length, 20);
  for (const promise of promises) {
    const text = promise.replace(/\s+/g, " ");
    const named = [...text.matchAll(/_([^_]+)_ \(`([^`]+)`\)/g)];
    assert(named.length > 0, `no test is named by: ${text}`);
    for (const [, name, file] of named) {
      assert(readFileSync(ROOT + file, "utf8").includes(name), `there is no test named ${name} in ${file}`);
    }
  }
});
