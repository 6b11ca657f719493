/**
 * The examples in docs, README and guides compile and run. One that needs a server is marked `ts ignore`: it only
 * compiles. If its first line is `// tasks.ts`, the others can import it by that name.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { deno } from "../deno_command.ts";
import { typescriptUnder } from "../source_files.ts";

const config = resolve("deno.json");
const documents = ["mod.ts", "src", "adapters", "README.md", "docs"].filter((path) => existsSync(path));

/** What stands in a document, between fences that say so; in a comment each line has a star before it. */
function ignoredIn(text: string): string[] {
  const blocks = text.matchAll(/^( \* )?```ts ignore\n([^]*?)^(?: \* )?```$/gm);
  return Array.from(blocks, ([, star, code]) => star ? code.replaceAll(/^ \* ?/gm, "").replaceAll("*\\/", "*/") : code);
}

// Elsewhere, because examples open databases where they run.
const folder = Deno.makeTempDirSync();
await deno(["test", "--doc", "-A", "--quiet", "--config", config, ...documents.map((path) => resolve(path))], {
  cwd: folder,
});

const guides = existsSync("docs") ? Array.from(Deno.readDirSync("docs"), ({ name }) => `docs/${name}`) : [];
const files = [...typescriptUnder("src"), ...typescriptUnder("adapters"), "mod.ts", "README.md", ...guides];
const ignored = files.filter((file) => /\.(ts|tsx|md)$/.test(file)).flatMap((file) =>
  ignoredIn(Deno.readTextFileSync(file)).map((code, i) => ({
    name: /^\/\/ (\S+\.ts)$/m.exec(code.split("\n")[0])?.[1] ?? `${file.replaceAll("/", "_")}_${i}.ts`,
    code,
  }))
);
for (const { name, code } of ignored) Deno.writeTextFileSync(join(folder, name), `${code}\nexport {};\n`);
if (ignored.length > 0) {
  await deno(["check", "--quiet", "--config", config, ...ignored.map(({ name }) => join(folder, name))]);
}
Deno.removeSync(folder, { recursive: true });
