import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** A package that `deno.json` beside this names. The type is what is used of it: who only tests has none of them. */
export function requirePeer<Package>(name: string): Package {
  return require(name);
}
