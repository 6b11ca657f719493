// @ts-check
/**
 * Keeps what is left of our modules when Node has stripped their types, for all processes and threads of a test run: each
 * would do it again, which is most of what it takes to start one. `node --import ./scripts/strip_once.js …`, with the
 * folder to keep them in as `STRIPPED_MODULES`. Itself it has no types, as Node would have to strip them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { threadId } from "node:worker_threads";

const own = new URL("../", import.meta.url).href;
const folder = process.env.STRIPPED_MODULES;
if (folder) mkdirSync(folder, { recursive: true });

registerHooks({
  load(url, context, nextLoad) {
    if (!folder || !url.startsWith(own) || !url.endsWith(".ts")) return nextLoad(url, context);
    return { format: "module", source: stripped(folder, readFileSync(fileURLToPath(url), "utf8")), shortCircuit: true };
  },
});

/** @type {(folder: string, source: string) => string} */
function stripped(folder, source) {
  const file = `${folder}/${createHash("sha1").update(process.version + source).digest("hex")}`;
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Nobody has stripped it yet.
  }
  const text = quietly(() => stripTypeScriptTypes(source));
  // Whole or not at all, for those that look at the same time.
  writeFileSync(`${file}.${process.pid}.${threadId}`, text);
  renameSync(`${file}.${process.pid}.${threadId}`, file);
  return text;
}

/**
 * To strip types by oneself is said to be experimental; who reads our output knows nothing of it.
 *
 * @type {(act: () => string) => string}
 */
function quietly(act) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return act();
  } finally {
    process.emitWarning = emitWarning;
  }
}
