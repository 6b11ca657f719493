/**
 * Every gate fails on a violation of its rule, and reports of tests are read right.
 *
 * @module
 */

import { deno } from "../deno_command.ts";

await deno(["test", "-A", "--no-check", "--quiet", "scripts/gates_test.ts", "scripts/junit_test.ts"]);
