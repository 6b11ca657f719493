/**
 * `deno lint` finds nothing, by its own rules and by those of the house (`scripts/lint_rules.ts`).
 *
 * @module
 */

import { deno } from "../deno_command.ts";

await deno(["lint"]);
