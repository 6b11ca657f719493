/**
 * No file imports itself, however far round. Imports of types count: a cycle of types is the same knot, only hidden.
 *
 * @module
 */

import { importGraph } from "../import_graph.ts";
import { verdict } from "../verdict.ts";

const graph = await importGraph();
const done = new Set<string>();
const cycles: string[] = [];

function walk(file: string, path: string[]): void {
  if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
  if (path.includes(file) || done.has(file)) return;
  for (const imported of graph.get(file) ?? []) walk(imported, [...path, file]);
  done.add(file);
}

for (const file of graph.keys()) walk(file, []);
verdict(cycles);
