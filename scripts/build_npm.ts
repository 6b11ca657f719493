/**
 * `deno task build:npm`: makes the npm package in `npm/`, packs it, and has both looked over by publint and by Are the
 * types wrong. File by file, so that the modules of the package lie to each other as the sources do.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { requireTool } from "./bundle.ts";
import { command } from "./command.ts";
import { librarySources } from "./source_files.ts";

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
}

interface Build {
  onResolve(on: { filter: RegExp }, resolve: (asked: { path: string; kind: string }) => object | undefined): void;
  onLoad(on: { filter: RegExp }, load: () => object): void;
}

interface Esbuild {
  build(options: object): Promise<unknown>;
  stop(): Promise<void>;
}

const OUT = "npm";
const COMMAND = "src/cli/main";
/** What every user gets. */
const DEPENDENCIES = ["@logtape/logtape", "croner", "devalue"];
/** What only some entry points import: who uses those installs it. */
const OPTIONAL = ["@opentelemetry/api", "@upstash/redis", "hono"];
const TOOLS = "scripts/runtimes/node_modules";

const manifest: Manifest = JSON.parse(Deno.readTextFileSync("deno.json"));
const sources = librarySources();

/** JavaScript, each file on its own. */
async function emitCode(): Promise<void> {
  const esbuild = requireTool<Esbuild>("esbuild");
  const apart = {
    name: "each file apart",
    setup({ onResolve, onLoad }: Build) {
      onResolve(
        { filter: /^\.\.?\/.*\.ts$/ },
        ({ path, kind }) => kind === "entry-point" ? undefined : { path: path.replace(/\.ts$/, ".js"), external: true },
      );
      // Of which the command line tells the version.
      onLoad({ filter: /\/deno\.json$/ }, () => ({
        contents: JSON.stringify({ version: manifest.version }),
        loader: "json",
      }));
    },
  };
  await esbuild.build({
    entryPoints: sources.map((file) => `./${file}`),
    outdir: `${OUT}/dist`,
    outbase: ".",
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    plugins: [apart],
    logLevel: "error",
  });
  await esbuild.stop();
  const main = `${OUT}/dist/${COMMAND}.js`;
  Deno.writeTextFileSync(main, `#!/usr/bin/env node\n${Deno.readTextFileSync(main)}`);
  Deno.chmodSync(main, 0o755);
}

/** Declarations, by the compiler itself; that the types are right is what `type_check` sees to. */
async function emitTypes(): Promise<void> {
  const flags = "--declaration --emitDeclarationOnly --noCheck --allowImportingTsExtensions --resolveJsonModule " +
    `--target esnext --lib esnext,dom --module esnext --moduleResolution bundler --rootDir . --outDir ${OUT}/dist`;
  await tool(Deno.execPath(), "run", "-A", `${TOOLS}/typescript/lib/tsc.js`, ...flags.split(" "), ...sources);
  for (const file of sources) {
    const target = `${OUT}/dist/${file.replace(/\.ts$/, ".d.ts")}`;
    const text = Deno.readTextFileSync(target);
    Deno.writeTextFileSync(target, text.replace(/(["'])(\.\.?\/[^"'\n]+)\.ts\1/g, "$1$2.js$1"));
  }
}

/** The manifest, with the entry points of deno.json. */
function packageJson(): object {
  const { name, version, description, license, imports } = manifest;
  const entry = (file: string) => {
    const path = `./dist/${file.replace(/^\.\/|\.ts$/g, "")}`;
    return { types: `${path}.d.ts`, default: `${path}.js` };
  };
  const range = (dependency: string) => imports[dependency].replace(/^npm:@?[^@]+@/, "");
  const ranges = (names: string[]) => Object.fromEntries(names.map((name) => [name, range(name)]));
  return {
    name,
    version,
    description,
    license,
    keywords: ["queue", "task", "job", "cron", "worker", "redis", "sqlite", "edge"],
    type: "module",
    sideEffects: false,
    engines: { node: ">=22" },
    exports: {
      ...Object.fromEntries(Object.entries(manifest.exports).map(([key, file]) => [key, entry(file)])),
      "./package.json": "./package.json",
    },
    bin: { huey: `./dist/${COMMAND}.js` },
    files: ["dist", "CHANGELOG.md"],
    dependencies: ranges(DEPENDENCIES),
    peerDependencies: ranges(OPTIONAL),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
  };
}

/** Runs a tool to its end; what it says is the build's if it is not content. */
async function tool(...words: string[]): Promise<void> {
  const { ok, output } = await command(words);
  if (ok) return;
  console.error(output.trim());
  Deno.exit(1);
}

if (existsSync(OUT)) Deno.removeSync(OUT, { recursive: true });
await emitCode();
await emitTypes();
Deno.writeTextFileSync(`${OUT}/package.json`, `${JSON.stringify(packageJson(), undefined, 2)}\n`);
for (const file of ["README.md", "CHANGELOG.md", "LICENSE"]) Deno.copyFileSync(file, `${OUT}/${file}`);
await tool("npm", "pack", `./${OUT}`, "--pack-destination", OUT, "--ignore-scripts", "--silent");
const [packed] = [...Deno.readDirSync(OUT)].map(({ name }) => name).filter((name) => name.endsWith(".tgz"));
await tool(Deno.execPath(), "run", "-A", `${TOOLS}/publint/src/cli.js`, "run", OUT, "--strict");
await tool(Deno.execPath(), "run", "-A", `${TOOLS}/@arethetypeswrong/cli/dist/index.js`, `${OUT}/${packed}`, ...[
  "--profile",
  "esm-only",
]);
console.log(`${OUT}/${packed}`);
