/**
 * The examples in the library, README and guides run. That they type-check is what `type_check` sees to.
 *
 * @module
 */

import { resolve } from "node:path";
import { deno } from "../deno_command.ts";
import { documentedPaths } from "../source_files.ts";

// Elsewhere, because examples open databases where they run.
const folder = Deno.makeTempDirSync();
const documents = documentedPaths().map((path) => resolve(path));
await deno(["test", "--doc", "--no-check", "-A", "--quiet", "--config", resolve("deno.json"), ...documents], {
  cwd: folder,
});
Deno.removeSync(folder, { recursive: true });
