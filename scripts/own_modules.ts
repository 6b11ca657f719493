import manifest from "../deno.json" with { type: "json" };

/** What the tests import by name, and where it is: our own exports, and the stand-in that deno.json links. */
export function ownModules(): Map<string, string> {
  const entries = Object.entries(manifest.exports).map(([key, file]) => [manifest.name + key.slice(1), file]);
  entries.push(["@std/assert", "./tests/std_assert/mod.ts"]);
  return new Map(entries.map(([name, file]) => [name, new URL(`../${file}`, import.meta.url).href]));
}
