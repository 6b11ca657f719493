/**
 * Every export is a file with a `@module` doc, and every file of the library is reached from an export.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { importGraph } from "../import_graph.ts";
import { librarySources } from "../source_files.ts";
import { verdict } from "../verdict.ts";

const manifest: { exports: Record<string, string> } = JSON.parse(Deno.readTextFileSync("deno.json"));
const exported = Object.values(manifest.exports).map((path) => path.replace("./", ""));
const graph = await importGraph();
const reached = new Set<string>();

function reach(file: string): void {
  if (reached.has(file)) return;
  reached.add(file);
  graph.get(file)?.forEach(reach);
}
exported.forEach(reach);

const documented = (file: string) => / @module$/m.test(Deno.readTextFileSync(file));

verdict([
  ...exported.filter((file) => !existsSync(file)).map((file) => `${file} is exported, but there is no such file`),
  ...exported.filter((file) => existsSync(file) && !documented(file)).map((file) => `${file} has no @module doc`),
  ...librarySources().filter((file) => !reached.has(file)).map((file) => `${file} is reached from no export`),
]);
