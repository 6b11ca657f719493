import process from "node:process";
import { ownArguments } from "../restart.ts";

/** Those that are for one process alone: who debugs it, and what starts it again. */
const OWN = /^--(inspect|watch|hot|test)/;

/** The flags that this process's runtime was started with, for another that is to run like it. */
export function runtimeFlags(): string[] {
  if (!process.versions.deno) return process.execArgv.filter((flag) => !OWN.test(flag));
  const own = ownArguments();
  const flags = own.slice(0, own.length - process.argv.slice(2).length - 1).filter((flag) => !OWN.test(flag));
  return flags[0] === "run" ? flags : ["run", "-A"];
}
