import { existsSync } from "node:fs";

/** The library's own files, sorted: all of `adapters/` and `src/`, and mod.ts. */
export function librarySources(): string[] {
  return [...typescriptUnder("adapters"), ...typescriptUnder("src"), "mod.ts"].filter((file) => existsSync(file));
}

/** The TypeScript files below a folder, sorted; none if there is no such folder. */
export function typescriptUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = [...Deno.readDirSync(folder)].filter(({ name }) => name !== "node_modules");
  return entries.flatMap(({ name, isDirectory }) => {
    if (isDirectory) return typescriptUnder(`${folder}/${name}`);
    return /\.tsx?$/.test(name) ? [`${folder}/${name}`] : [];
  }).sort();
}

/** README.md, and the guides in `docs/`. */
export function guides(): string[] {
  const docs = existsSync("docs") ? Array.from(Deno.readDirSync("docs"), ({ name }) => `docs/${name}`) : [];
  return ["README.md", ...docs.filter((path) => path.endsWith(".md")).sort()];
}
