/**
 * Everything type-checks: the library, its adapters, examples, tests and scripts, and the examples in docs. One that
 * needs a server is marked `ts ignore`, so that it does not run. If its first line is `// tasks.ts`, the others can
 * import it by that name.
 *
 * @module
 */

import { join } from "node:path";
import { deno } from "../deno_command.ts";
import { guides, librarySources } from "../source_files.ts";

/** What stands in a document, between fences that say so; in a comment each line has a star before it. */
function ignoredIn(text: string): string[] {
  const blocks = text.matchAll(/^( \* )?```ts ignore\n([^]*?)^(?: \* )?```$/gm);
  return Array.from(blocks, ([, star, code]) => star ? code.replaceAll(/^ \* ?/gm, "").replaceAll("*\\/", "*/") : code);
}

const folder = Deno.makeTempDirSync();
const ignored = [...librarySources(), ...guides()].flatMap((file) =>
  ignoredIn(Deno.readTextFileSync(file)).map((code, i) => {
    const name = /^\/\/ (\S+\.ts)$/m.exec(code.split("\n")[0])?.[1] ?? `${file.replaceAll("/", "_")}_${i}.ts`;
    Deno.writeTextFileSync(join(folder, name), `${code}\nexport {};\n`);
    return join(folder, name);
  })
);
// All in one program: the library is looked at once.
await deno(["check", "--quiet", "--doc", "--config", "deno.json", ".", ...guides(), ...ignored]);
Deno.removeSync(folder, { recursive: true });
