import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Whether a module is the one that the process was started with. Node tells by itself from version 24 on. */
export function isMain({ main, url }: ImportMeta): boolean {
  return main ??
    (process.argv[1] !== undefined && url.startsWith("file:") && realpathSync(process.argv[1]) === fileURLToPath(url));
}
