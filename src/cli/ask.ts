import process from "node:process";
import { createInterface } from "node:readline/promises";
import { UsageError } from "./command_line.ts";

/**
 * Whether a person says yes to what cannot be undone.
 *
 * @throws {UsageError} if there is nobody to ask and --yes was not given.
 */
export async function isSure(question: string, flags: Map<string, string>): Promise<boolean> {
  if (flags.has("yes")) return true;
  if (!process.stdin.isTTY) throw new UsageError(`${question} There is nobody to ask: give --yes to go on`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
