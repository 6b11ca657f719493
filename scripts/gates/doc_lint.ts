/**
 * Everything that is exported has a doc, and only exported types are seen in it. What a package says of its own types is
 * the package's affair.
 *
 * @module
 */

import { verdict } from "../verdict.ts";

const { exports } = JSON.parse(Deno.readTextFileSync("deno.json"));
const args = ["doc", "--lint", ...Object.values<string>(exports)];
const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
const found = new TextDecoder().decode(stderr).split(/^(?=error\[)/m);
const [before, ...ours] = found.filter((text, i) => i === 0 || !/^ *--> .*\/node_modules\//m.test(text));

// Where it fails without having found anything, it could not even look.
verdict(success || found.length > 1 ? ours : [before]);
