/**
 * Everything that is exported has a doc, and only exported types are seen in it.
 *
 * @module
 */

import { deno } from "../deno_command.ts";

const { exports } = JSON.parse(Deno.readTextFileSync("deno.json"));
await deno(["doc", "--lint", ...Object.values<string>(exports)]);
