/**
 * A file of the library has at most 300 lines: one that needs more holds two things.
 *
 * @module
 */

import { librarySources } from "../source_files.ts";
import { verdict } from "../verdict.ts";

const LIMIT = 300;
const lengths = librarySources().map((file) => ({ file, lines: Deno.readTextFileSync(file).split("\n").length - 1 }));
verdict(lengths.filter(({ lines }) => lines > LIMIT).map(({ file, lines }) => `${file} has ${lines} lines`));
