/**
 * Who may import whom. The first row that fits a file is its rule; what is not ours, such as a package, is free, but
 * `node:process` belongs to the command line.
 *
 * @module
 */

import { importGraph } from "../import_graph.ts";
import { verdict } from "../verdict.ts";

const layers: { files: RegExp; mayImport: RegExp; rule: string }[] = [
  {
    files: /^mod\.ts$/,
    mayImport: /^src\/(?!cli\/|testing)/,
    rule: "mod.ts gathers the core, and no entry point",
  },
  {
    files: /^src\/cli\/dashboard\.ts$/,
    mayImport: /^src\/|^node:process$|^adapters\/dashboard\.ts$/,
    rule: "the command that serves the dashboard imports from src/, and the dashboard",
  },
  {
    files: /^src\/cli\//,
    mayImport: /^src\/|^node:process$/,
    rule: "the command line imports from src/ only",
  },
  {
    files: /^src\//,
    mayImport: /^src\/(?!cli\/)/,
    rule: "src/ imports neither adapters/, mod.ts nor the command line",
  },
  {
    files: /^adapters\/(cloudflare|deno_deploy|dashboard)/,
    mayImport: /^(mod\.ts|src\/http\.ts)$|^adapters\/(cloudflare|deno_deploy|dashboard)/,
    rule: "a platform adapter imports what mod.ts and src/http.ts export",
  },
  {
    files: /^adapters\//,
    mayImport: /^src\/(storage|errors|time)\.ts$|^adapters\/(?!cloudflare|deno_deploy|dashboard)/,
    rule: "a storage adapter imports the contract, the errors and time",
  },
];

const ours = /^(mod\.ts$|src\/|adapters\/|node:process$)/;
const problems: string[] = [];

for (const [file, imports] of await importGraph()) {
  const layer = layers.find(({ files }) => files.test(file));
  for (const imported of imports) {
    if (!layer || !ours.test(imported) || layer.mayImport.test(imported)) continue;
    problems.push(`${file} imports ${imported}: ${layer.rule}`);
  }
}
verdict(problems);
