/**
 * Resolves our own names under Node as deno.json does: `node --import ./scripts/resolve_node.ts --test tests/…`.
 *
 * @module
 */

import { registerHooks } from "node:module";
import { ownModules } from "./own_modules.ts";

const modules = ownModules();

registerHooks({
  resolve(specifier, context, nextResolve) {
    const url = modules.get(specifier);
    return url ? { url, format: "module-typescript", shortCircuit: true } : nextResolve(specifier, context);
  },
});
