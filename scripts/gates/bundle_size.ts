/**
 * What a program at the edge has to load of the library is small, and has nothing of Node in it. `scripts/bundles.json`
 * says how many bytes each bundle may have, minified and compressed by gzip.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { bundle, hasTools } from "../bundle.ts";
import { verdict } from "../verdict.ts";

interface Budget {
  name: string;
  module: string;
  external: string[];
  limit: number;
}

const file = "scripts/bundles.json";
const budgets: Budget[] = existsSync(file) ? JSON.parse(Deno.readTextFileSync(file)) : [];
const problems: string[] = [];

for (const { name, module, external, limit } of hasTools() ? budgets : []) {
  const { code, imports } = await bundle(module, { minify: true, external, folder: Deno.cwd() });
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`note: ${name}: ${kilobytes(size)} of ${kilobytes(limit)}`);
  if (size > limit) problems.push(`${name} has ${size} bytes, and may have ${limit}`);
  for (const path of imports) if (path.startsWith("node:")) problems.push(`${name} imports ${path}`);
}
if (!hasTools()) console.log("note: not measured, as esbuild is not on this machine");
verdict(problems);

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}
