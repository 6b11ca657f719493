import { librarySources } from "./source_files.ts";

/** Each of the library's files with what it imports: our own files by path, all else as written (`node:fs`). */
export type ImportGraph = Map<string, string[]>;

interface Module {
  specifier: string;
  dependencies?: Dependency[];
}

/** `type` is what only the types come from, so that a type-only import is seen as any other. */
interface Dependency {
  specifier: string;
  code?: { specifier?: string };
  type?: { specifier?: string };
}

/** Reads the imports of all the library's files, types and dynamic imports included, as Deno resolves them. */
export async function importGraph(): Promise<ImportGraph> {
  const root = new URL(`file://${Deno.cwd()}/`).href;
  const graph: ImportGraph = new Map();
  for (const file of librarySources()) {
    if (graph.has(file)) continue;
    for (const { specifier, dependencies = [] } of await modulesFrom(file)) {
      if (!specifier.startsWith(root)) continue;
      const imports = dependencies.map(({ code, type, specifier }) => code?.specifier ?? type?.specifier ?? specifier);
      graph.set(
        specifier.slice(root.length),
        imports.map((url) => url.startsWith(root) ? url.slice(root.length) : url),
      );
    }
  }
  return graph;
}

async function modulesFrom(file: string): Promise<Module[]> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", file], stderr: "inherit" }).output();
  if (!info.success) throw new Error(`Cannot read the imports of ${file}`);
  return JSON.parse(new TextDecoder().decode(info.stdout)).modules;
}
