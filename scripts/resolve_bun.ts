/**
 * Resolves our own names under Bun as deno.json does: `bun test --preload ./scripts/resolve_bun.ts tests/…`.
 *
 * `build.module` and not `build.onResolve`, because Bun asks the latter for no bare name.
 *
 * @module
 */

import { ownModules } from "./own_modules.ts";

interface Build {
  module(name: string, load: () => Promise<{ exports: unknown; loader: "object" }>): void;
}

// Declared here because Deno, which checks this file, knows nothing of Bun.
declare const Bun: { plugin(plugin: { name: string; setup(build: Build): void }): void };

Bun.plugin({
  name: "own modules",
  setup(build) {
    for (const [name, url] of ownModules()) {
      build.module(name, async () => ({ exports: await import(url), loader: "object" }));
    }
  },
});
