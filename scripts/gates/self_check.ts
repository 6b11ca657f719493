/**
 * Every gate fails on a violation of its rule, reports of tests are read right, and the bench measures.
 *
 * @module
 */

import { deno } from "../deno_command.ts";

const tests = ["gates", "junit", "bench"].map((name) => `scripts/${name}_test.ts`);
await deno(["test", "-A", "--no-check", "--quiet", ...tests]);
