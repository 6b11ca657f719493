/**
 * JSR would take the package as it is: every public type is written out, and every import can be resolved. That it
 * type-checks is what `type_check` sees to.
 *
 * @module
 */

import { deno } from "../deno_command.ts";

await deno(["publish", "--dry-run", "--allow-dirty", "--no-check"]);
