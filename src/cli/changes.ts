import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** What a program is made of. Data is not, as tasks may write it. */
const SOURCE = /\.[cm]?[jt]sx?$/;
/** Folders that hold no source of the program's own. */
const FOREIGN = /^(node_modules$|\.)/;
/** What one save changes arrives in several events, in milliseconds. */
const CALM = 100;

/** Calls a function when source files in a folder, or below it, have changed. Gives the function that ends that. */
export function watchSources(folder: string, onChange: (file: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function follow(path: string): void {
    if (watchers.has(path)) return;
    try {
      // Not `recursive`, which would watch all of node_modules.
      const watcher = watch(path, (_, name) => onEvent(path, String(name)));
      watchers.set(path, watcher.on("error", () => leave(path)));
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory() && !FOREIGN.test(entry.name)) follow(join(path, entry.name));
      }
    } catch {
      leave(path); // It has just been removed, or was no folder.
    }
  }

  function leave(path: string): void {
    watchers.get(path)?.close();
    watchers.delete(path);
  }

  function onEvent(path: string, name: string): void {
    const file = join(path, name);
    if (!SOURCE.test(name)) return FOREIGN.test(name) ? undefined : follow(file);
    clearTimeout(timer);
    timer = setTimeout(() => onChange(file), CALM);
  }

  follow(folder);
  return () => {
    clearTimeout(timer);
    for (const path of [...watchers.keys()]) leave(path);
  };
}
