/**
 * Everything type-checks: the library, its adapters, examples, tests and scripts.
 *
 * @module
 */

import { deno } from "../deno_command.ts";

await deno(["check", "--quiet", "."]);
