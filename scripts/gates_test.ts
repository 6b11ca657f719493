import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { typescriptUnder } from "./source_files.ts";

const scripts = import.meta.dirname!;

/** A house that passes every gate. */
const house: Record<string, string> = {
  "deno.json": JSON.stringify({
    name: "@hq/house",
    version: "0.0.1",
    license: "MIT",
    exports: { ".": "./mod.ts", "./shed": "./adapters/shed.ts", "./cli": "./src/cli/main.ts" },
    compilerOptions: { isolatedDeclarations: true },
    fmt: { exclude: ["deno.json", "scripts"] },
    lint: { plugins: [join(scripts, "lint_rules.ts")] },
  }),
  "README.md": '# House\n\n```ts\nimport { door } from "@hq/house";\ndoor satisfies number;\n```\n',
  "mod.ts": '/**\n * A house.\n *\n * @module\n */\n\nexport { door } from "./src/storage.ts";\n',
  "scripts/bundles.json": JSON.stringify([{
    name: "core",
    module: "export * from './mod.ts';",
    external: [],
    limit: 64,
  }]) + "\n",
  "src/storage.ts": "/** How many doors. */\nexport const door: number = 1;\n",
  "src/cli/main.ts":
    '/**\n * A bell.\n *\n * @module\n */\n\nimport process from "node:process";\nimport { door } from "../storage.ts";\n\nconsole.log(process.argv, door);\n',
  "adapters/shed.ts": '/**\n * A shed.\n *\n * @module\n */\n\nexport { door } from "../src/storage.ts";\n',
};

/** What breaks each rule, and a part of what its gate then says. */
const violations: { gate: string; files: Record<string, string>; says: string }[] = [
  { gate: "format", files: { "src/a.ts": "const  a = 1;\n" }, says: "src/a.ts" },
  { gate: "lint", files: { "src/a.ts": "const a: any = 1;\n" }, says: "no-explicit-any" },
  { gate: "lint", files: { "src/a.ts": 'export * from "./storage.ts";\n' }, says: "no-export-star" },
  { gate: "lint", files: { "src/a.ts": "export default 1;\n" }, says: "no-default-export" },
  { gate: "lint", files: { "src/a.ts": "const a = 1;\nexport { a as default };\n" }, says: "no-default-export" },
  { gate: "lint", files: { "src/a.ts": "class A {\n  private a = 1;\n}\n" }, says: "no-private-keyword" },
  { gate: "lint", files: { "src/a.ts": "export let a = 1;\na++;\n" }, says: "no-module-state" },
  { gate: "lint", files: { "src/a.ts": 'console.log("a");\n' }, says: "cli-only" },
  { gate: "lint", files: { "adapters/a.ts": "globalThis.process.cwd();\n" }, says: "cli-only" },
  { gate: "type_check", files: { "tests/a.ts": "const a: string = 1;\n" }, says: "TS2322" },
  { gate: "web_only", files: { "src/a.ts": "Deno.cwd();\n" }, says: "Cannot find name 'Deno'" },
  { gate: "web_only", files: { "src/a.ts": "process.cwd();\n" }, says: "Cannot find name 'process'" },
  { gate: "web_only", files: { "src/a.ts": 'import "node:fs";\n' }, says: "src/a.ts imports node:fs" },
  {
    gate: "no_cycles",
    files: { "src/a.ts": 'import type {} from "./b.ts";\n', "src/b.ts": 'import type {} from "./a.ts";\n' },
    says: "src/a.ts → src/b.ts → src/a.ts",
  },
  { gate: "layering", files: { "src/a.ts": 'import type {} from "../adapters/shed.ts";\n' }, says: "src/ imports" },
  { gate: "layering", files: { "src/a.ts": 'import "../mod.ts";\n' }, says: "src/ imports" },
  { gate: "layering", files: { "src/a.ts": 'await import("./cli/main.ts");\n' }, says: "src/ imports" },
  { gate: "layering", files: { "src/a.ts": 'import "node:process";\n' }, says: "src/ imports" },
  { gate: "layering", files: { "mod.ts": 'import "./src/cli/main.ts";\n' }, says: "mod.ts gathers" },
  { gate: "layering", files: { "src/cli/a.ts": 'import "../../adapters/shed.ts";\n' }, says: "the command line" },
  { gate: "layering", files: { "adapters/a.ts": 'import "../mod.ts";\n' }, says: "a storage adapter" },
  {
    gate: "layering",
    files: { "adapters/a.ts": 'import "../src/core.ts";\n', "src/core.ts": "" },
    says: "a storage adapter",
  },
  {
    gate: "layering",
    files: { "adapters/cloudflare.ts": 'import "../src/storage.ts";\n' },
    says: "a platform adapter",
  },
  {
    gate: "bundle_size",
    files: { "mod.ts": `export const a: string = "${crypto.randomUUID().repeat(9)}";\n` },
    says: "core has",
  },
  {
    gate: "bundle_size",
    files: { "mod.ts": 'export { cwd } from "node:process";\n' },
    says: "core imports node:process",
  },
  { gate: "links", files: { "docs/a.md": "[b](b.md)\n" }, says: "there is no docs/b.md" },
  { gate: "links", files: { "docs/a.md": "# A\n\n[b](#b)\n" }, says: "docs/a.md has no such heading" },
  { gate: "file_lines", files: { "adapters/a.ts": "\n".repeat(301) }, says: "adapters/a.ts has 301 lines" },
  { gate: "names", files: { "src/utils.ts": "" }, says: "src/utils.ts says nothing" },
  { gate: "names", files: { "tests/camelCase_test.ts": "" }, says: "not in snake_case" },
  { gate: "doc_lint", files: { "mod.ts": "export const undocumented: number = 1;\n" }, says: "missing-jsdoc" },
  {
    gate: "doc_tests",
    files: {
      "src/a.ts": '/**\n * ```ts\n * throw new Error("at run time");\n * ```\n */\nexport const a: number = 1;\n',
    },
    says: "at run time",
  },
  { gate: "doc_tests", files: { "README.md": "```ts\nconst a: string = 1;\n```\n" }, says: "TS2322" },
  { gate: "doc_tests", files: { "README.md": "```ts ignore\nconst a: string = 1;\n```\n" }, says: "TS2322" },
  {
    gate: "doc_tests",
    files: { "src/a.ts": "/**\n * ```ts ignore\n * const a: string = 1;\n * ```\n */\nexport const a: number = 1;\n" },
    says: "TS2322",
  },
  { gate: "publish", files: { "mod.ts": "/** A. */\nexport const a = Math.random();\n" }, says: "TS9010" },
  { gate: "publish", files: { "src/cli/main.ts": 'import "npm:chalk";\n' }, says: "npm:chalk" },
  { gate: "exports", files: { "adapters/shed.ts": "export const a: number = 1;\n" }, says: "has no @module doc" },
  { gate: "exports", files: { "adapters/a.ts": "" }, says: "adapters/a.ts is reached from no export" },
  {
    gate: "exports",
    files: { "deno.json": house["deno.json"].replace("shed.ts", "barn.ts") },
    says: "adapters/barn.ts is exported, but there is no such file",
  },
];

/** All gates but the one that runs this file. */
const gates = typescriptUnder(join(scripts, "gates")).filter((file) => !file.endsWith("self_check.ts"));

async function run(gate: string, files: Record<string, string>): Promise<{ success: boolean; output: string }> {
  const folder = Deno.makeTempDirSync();
  for (const [path, text] of Object.entries({ ...house, ...files })) {
    Deno.mkdirSync(dirname(join(folder, path)), { recursive: true });
    Deno.writeTextFileSync(join(folder, path), text);
  }
  const args = ["run", "-A", "--config", join(scripts, "../deno.json"), gate];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
  Deno.removeSync(folder, { recursive: true });
  const decoder = new TextDecoder();
  return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

for (const gate of gates) {
  test(`${gate.slice(scripts.length + 1)} passes a house in order`, async () => {
    const { success, output } = await run(gate, {});
    assert(success, output);
  });
}

for (const { gate, files, says } of violations) {
  test(`gates/${gate}.ts fails on ${Object.keys(files)[0]}, and says: ${says}`, async () => {
    const { success, output } = await run(join(scripts, "gates", `${gate}.ts`), files);
    assertStringIncludes(output, says);
    assertEquals(success, false);
  });
}

test("every gate has a violation here", () => {
  const proven = new Set(violations.map(({ gate }) => join(scripts, "gates", `${gate}.ts`)));
  assertEquals(gates.filter((gate) => !proven.has(gate)), []);
});
