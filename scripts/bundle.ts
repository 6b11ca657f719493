/**
 * Bundles for an edge platform, as wrangler does: by esbuild, for a runtime that is neither Node nor a browser.
 *
 * @module
 */

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { ownModules } from "./own_modules.ts";

/** What was made of a program. */
export interface Bundle {
  code: string;
  /** How many bytes of it come from which file. */
  parts: Map<string, number>;
  /** What it still imports. */
  imports: string[];
}

export interface BundleOptions {
  minify?: boolean;
  /** What is left out, by name. */
  external?: string[];
  /** Where the imports of the module are looked up. @default the root of the repository */
  folder?: string;
}

interface Resolved {
  path: string;
}

interface Plugin {
  name: string;
  setup(build: { onResolve(on: { filter: RegExp }, resolve: (asked: Resolved) => Resolved): void }): void;
}

interface Output {
  inputs: Record<string, { bytesInOutput: number }>;
  imports: { path: string }[];
}

interface Esbuild {
  build(options: object): Promise<{ outputFiles: { text: string }[]; metafile: { outputs: Record<string, Output> } }>;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Loads one of the packages of `scripts/runtimes/deno.json`, which no user of the library gets. */
export function requireTool<Tool>(name: string): Tool {
  return createRequire(new URL("./runtimes/deno.json", import.meta.url))(name);
}

/** Whether they are on this machine. */
export function hasTools(): boolean {
  try {
    requireTool("esbuild");
    return true;
  } catch {
    return false;
  }
}

/** Bundles a module that is given as text. */
export async function bundle(module: string, options: BundleOptions = {}): Promise<Bundle> {
  const { minify = false, external = [], folder = ROOT } = options;
  const esbuild = requireTool<Esbuild>("esbuild");
  const modules = ownModules();
  const own: Plugin = {
    name: "own modules",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^@hq\/huey(\/|$)/ }, ({ path }) => ({ path: fileURLToPath(modules.get(path)!) })),
  };
  try {
    const { outputFiles, metafile } = await esbuild.build({
      stdin: { contents: module, resolveDir: folder, loader: "ts" },
      absWorkingDir: folder,
      bundle: true,
      minify,
      format: "esm",
      target: "es2024",
      platform: "neutral",
      mainFields: ["browser", "module", "main"],
      conditions: ["workerd", "worker", "browser"],
      // Of Node's modules none is provided: those that are imported are to be seen in the bundle.
      external: ["node:*", "cloudflare:*", ...external],
      plugins: [own],
      write: false,
      metafile: true,
      legalComments: "none",
      logLevel: "silent",
    });
    const [{ inputs, imports }] = Object.values(metafile.outputs);
    return {
      code: outputFiles[0].text,
      parts: new Map(Object.entries(inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput])),
      imports: imports.map(({ path }) => path),
    };
  } finally {
    await esbuild.stop();
  }
}
