import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
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

/** What Deno's linter says of a file. */
const linted = (rule: string, file: string) => new RegExp(String.raw`\[${rule}\].*\n\s*--> \S*/${file}:`);
/** What Deno's type checker says of a file; it comes to some name of its own for an example in docs. */
const mistyped = (error: string, file: string) => new RegExp(String.raw`${error}.*\n.*\n.*\n\s*at \S*/${file}`);

/** Files that break the rules of a gate, each of which it names; apart are those that would hide another. */
const violations: { gate: string; files: Record<string, string>; says: (string | RegExp)[] }[] = [
  {
    gate: "format",
    files: { "src/a.ts": "const  a = 1;\n", "src/b.ts": "const b = 1\n" },
    says: ["src/a.ts", "src/b.ts"],
  },
  {
    gate: "lint",
    files: {
      "src/any.ts": "const a: any = 1;\n",
      "src/star.ts": 'export * from "./storage.ts";\n',
      "src/default.ts": "export default 1;\n",
      "src/as_default.ts": "const a = 1;\nexport { a as default };\n",
      "src/private.ts": "class A {\n  private a = 1;\n}\n",
      "src/state.ts": "export let a = 1;\na++;\n",
      "src/console.ts": 'console.log("a");\n',
      "adapters/process.ts": "globalThis.process.cwd();\n",
    },
    says: [
      linted("no-explicit-any", "src/any.ts"),
      linted("house/no-export-star", "src/star.ts"),
      linted("house/no-default-export", "src/default.ts"),
      linted("house/no-default-export", "src/as_default.ts"),
      linted("house/no-private-keyword", "src/private.ts"),
      linted("house/no-module-state", "src/state.ts"),
      linted("house/cli-only", "src/console.ts"),
      linted("house/cli-only", "adapters/process.ts"),
    ],
  },
  {
    gate: "type_check",
    files: {
      "tests/a.ts": "const a: string = 1;\n",
      "README.md": "```ts\nconst a: string = 1;\n```\n",
      "docs/a.md": "```ts ignore\nconst a: string = 1;\n```\n",
      "src/a.ts": "/**\n * ```ts ignore\n * const a: string = 1;\n * ```\n */\nexport const a: number = 1;\n",
      "src/b.ts": "/**\n * ```ts\n * const a: string = 1;\n * ```\n */\nexport const b: number = 1;\n",
    },
    says: [
      mistyped("TS2322", "tests/a.ts:1"),
      mistyped("TS2322", "README.md"),
      mistyped("TS2322", "docs_a.md_0.ts"),
      mistyped("TS2322", "src_a.ts_0.ts"),
      mistyped("TS2322", "src/b.ts"),
    ],
  },
  {
    gate: "web_only",
    files: { "src/a.ts": "Deno.cwd();\n", "src/b.ts": "process.cwd();\n" },
    says: [
      mistyped("Cannot find name 'Deno'", "src/a.ts"),
      mistyped("Cannot find name 'process'", "src/b.ts"),
    ],
  },
  // It brings in the types of Node.
  { gate: "web_only", files: { "src/a.ts": 'import "node:fs";\n' }, says: ["src/a.ts imports node:fs"] },
  {
    gate: "no_cycles",
    files: { "src/a.ts": 'import type {} from "./b.ts";\n', "src/b.ts": 'import type {} from "./a.ts";\n' },
    says: ["src/a.ts → src/b.ts → src/a.ts"],
  },
  {
    gate: "layering",
    files: {
      "mod.ts": 'import "./src/cli/main.ts";\n',
      "src/a.ts": 'import type {} from "../adapters/shed.ts";\n',
      "src/b.ts": 'import "../mod.ts";\n',
      "src/c.ts": 'await import("./cli/main.ts");\n',
      "src/d.ts": 'import "node:process";\n',
      "src/core.ts": "",
      "src/cli/a.ts": 'import "../../adapters/shed.ts";\n',
      "adapters/a.ts": 'import "../mod.ts";\n',
      "adapters/b.ts": 'import "../src/core.ts";\n',
      "adapters/cloudflare.ts": 'import "../src/storage.ts";\n',
    },
    says: [
      "mod.ts imports src/cli/main.ts: mod.ts gathers",
      "src/a.ts imports adapters/shed.ts: src/ imports",
      "src/b.ts imports mod.ts: src/ imports",
      "src/c.ts imports src/cli/main.ts: src/ imports",
      "src/d.ts imports node:process: src/ imports",
      "src/cli/a.ts imports adapters/shed.ts: the command line",
      "adapters/a.ts imports mod.ts: a storage adapter",
      "adapters/b.ts imports src/core.ts: a storage adapter",
      "adapters/cloudflare.ts imports src/storage.ts: a platform adapter",
    ],
  },
  {
    gate: "bundle_size",
    files: {
      "mod.ts": `export { cwd } from "node:process";\nexport const a: string = "${crypto.randomUUID().repeat(9)}";\n`,
    },
    says: ["core has", "core imports node:process"],
  },
  {
    gate: "links",
    files: { "docs/a.md": "[b](b.md)\n", "docs/c.md": "# C\n\n[b](#b)\n" },
    says: ["there is no docs/b.md", "docs/c.md has no such heading"],
  },
  { gate: "file_lines", files: { "adapters/a.ts": "\n".repeat(301) }, says: ["adapters/a.ts has 301 lines"] },
  {
    gate: "names",
    files: { "src/utils.ts": "", "tests/camelCase_test.ts": "" },
    says: ["src/utils.ts says nothing", "tests/camelCase_test.ts is not in snake_case"],
  },
  {
    gate: "doc_lint",
    files: { "mod.ts": "export const undocumented: number = 1;\n" },
    says: ["missing-jsdoc"],
  },
  {
    gate: "doc_tests",
    files: {
      "src/a.ts": '/**\n * ```ts\n * throw new Error("in a comment");\n * ```\n */\nexport const a: number = 1;\n',
      "docs/a.md": '```ts\nthrow new Error("in a guide");\n```\n',
    },
    says: ["in a comment", "in a guide"],
  },
  {
    gate: "publish",
    files: { "mod.ts": "/** A. */\nexport const a = Math.random();\n" },
    says: ["missing-explicit-type"],
  },
  { gate: "publish", files: { "src/cli/main.ts": 'import "npm:chalk";\n' }, says: ["npm:chalk"] },
  {
    gate: "exports",
    files: { "adapters/shed.ts": "export const a: number = 1;\n", "adapters/a.ts": "" },
    says: ["adapters/shed.ts has no @module doc", "adapters/a.ts is reached from no export"],
  },
  {
    gate: "exports",
    files: { "deno.json": house["deno.json"].replace("shed.ts", "barn.ts") },
    says: ["adapters/barn.ts is exported, but there is no such file"],
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
  const env = { NO_COLOR: "1" };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder, env }).output();
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
  test(`gates/${gate}.ts fails on ${Object.keys(files).join(", ")}, and says why`, async () => {
    const { success, output } = await run(join(scripts, "gates", `${gate}.ts`), files);
    for (const part of says) {
      if (typeof part === "string") assertStringIncludes(output, part);
      else assertMatch(output, part);
    }
    assertEquals(success, false);
  });
}

test("every gate has a violation here", () => {
  const proven = new Set(violations.map(({ gate }) => join(scripts, "gates", `${gate}.ts`)));
  assertEquals(gates.filter((gate) => !proven.has(gate)), []);
});
