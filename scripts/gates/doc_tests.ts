/**
 * The examples in the library, README and guides run. That they type-check is what `type_check` sees to.
 *
 * @module
 */

import { resolve } from "node:path";
import { deno } from "../deno_command.ts";
import { guides } from "../source_files.ts";

// Elsewhere, because examples open databases where they run.
const folder = Deno.makeTempDirSync();
// The folders of the library, since each module that is named is loaded as one more test, with an example or without.
const documents = ["mod.ts", "src", "adapters", ...guides()].map((path) => resolve(path));
await deno(["test", "--doc", "--no-check", "-A", "--quiet", "--config", resolve("deno.json"), ...documents], {
  cwd: folder,
});
Deno.removeSync(folder, { recursive: true });
