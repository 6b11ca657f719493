/**
 * The examples in docs, README and guides compile and run. One that needs a server is marked `ts ignore`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { deno } from "../deno_command.ts";

const config = resolve("deno.json");
const documents = ["mod.ts", "src", "adapters", "README.md", "docs"].filter((path) => existsSync(path));

// Elsewhere, because examples open databases where they run.
const folder = Deno.makeTempDirSync();
await deno(["test", "--doc", "-A", "--quiet", "--config", config, ...documents.map((path) => resolve(path))], {
  cwd: folder,
});
Deno.removeSync(folder, { recursive: true });
