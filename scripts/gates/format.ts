/**
 * Everything is formatted as `deno fmt` has it.
 *
 * @module
 */

import { deno } from "../deno_command.ts";

await deno(["fmt", "--check"]);
