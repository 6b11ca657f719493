/**
 * `deno run -A tests/upgrade/write.ts`: keeps what this version writes, for all versions after it to read. Once for each:
 * only what a version that was not published yet has written may be written anew, with `--again`.
 *
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { CARRIED, SERIALIZERS, write } from "./scenario.ts";
import { KEEPERS } from "./stores.ts";

const folder = fileURLToPath(new URL(`../fixtures/upgrade/${manifest.version}`, import.meta.url));
if (existsSync(folder) && !process.argv.includes("--again")) {
  throw new Error(`${folder} is there; what a version that was published has written is not written again`);
}
mkdirSync(folder, { recursive: true });
for (const keeper of Object.values(KEEPERS)) await keeper.write(folder, write);
const texts = await Promise.all(
  Object.entries(SERIALIZERS).map(async ([name, make]) => [
    name,
    await Promise.all(CARRIED[name].map((value) => make().encode(value))),
  ]),
);
writeFileSync(`${folder}/texts.json`, JSON.stringify(Object.fromEntries(texts)));
