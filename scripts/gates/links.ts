/**
 * Links between the documents of this repository lead to files that are there, and to headings that these have.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { verdict } from "../verdict.ts";

const problems: string[] = [];

for (const document of documentsUnder(".")) {
  const text = Deno.readTextFileSync(document).replaceAll(/^```[^]*?^```/gm, "");
  for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [path, heading] = link.split("#");
    const target = path === "" ? document : join(dirname(document), path);
    if (!existsSync(target)) problems.push(`${document} links to ${link}, but there is no ${target}`);
    else if (heading && !headingsOf(target).includes(heading)) {
      problems.push(`${document} links to ${link}, but ${target} has no such heading`);
    }
  }
}
verdict(problems);

/** Those people read, and that are not built: at the top, in `docs` and beside the examples. */
function documentsUnder(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return /^(\.|node_modules$|npm$)/.test(name) ? [] : documentsUnder(path);
    return /\.md$|^llms\.txt$/.test(name) ? [path] : [];
  }).sort();
}

/** As a page names them. */
function headingsOf(document: string): string[] {
  return Array.from(
    Deno.readTextFileSync(document).matchAll(/^#+ (.*)$/gm),
    ([, title]) => title.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-"),
  );
}
