/**
 * The core needs nothing but Web APIs: it type-checks with the libraries of a browser alone, and imports no `node:`.
 *
 * @module
 */

import { deno } from "../deno_command.ts";
import { importGraph } from "../import_graph.ts";
import { librarySources } from "../source_files.ts";
import { verdict } from "../verdict.ts";

/** The command line and the helpers for tests are entry points of their own, and run where there is a system. */
const core = librarySources().filter((file) => /^(mod\.ts|src\/(?!cli\/|testing))/.test(file));

const graph = await importGraph();
verdict(
  core.flatMap((file) =>
    graph.get(file)!.filter((name) => name.startsWith("node:")).map((name) => `${file} imports ${name}`)
  ),
);

// A configuration elsewhere, because a `compilerOptions` of its own is the only way to take Deno's types away.
const { imports } = JSON.parse(Deno.readTextFileSync("deno.json"));
const folder = Deno.makeTempDirSync();
const compilerOptions = { lib: ["esnext", "dom"], types: [] };
Deno.writeTextFileSync(`${folder}/deno.json`, JSON.stringify({ imports, compilerOptions, nodeModulesDir: "none" }));
await deno(["check", "--quiet", "--no-lock", "--config", `${folder}/deno.json`, ...core]);
Deno.removeSync(folder, { recursive: true });
