import { parseArgs } from "node:util";
import { show } from "../time.ts";

/** What was typed cannot be read. Its message is one line that names what, and what is allowed. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A flag of a command. */
export interface Flag {
  /** Without the dashes. */
  name: string;
  /** One letter. */
  short?: string;
  /** Another name for it. */
  alias?: string;
  /** What its value is, for the help; absent: it has none. */
  value?: string;
  /** What it does, for the help. */
  about: string;
}

/** The arguments of a command, taken apart. */
export interface CommandLine {
  /** What is not a flag. */
  words: string[];
  /** The flags by name, the last of each. One without a value has "". */
  flags: Map<string, string>;
}

/**
 * Takes the arguments of a command apart.
 *
 * @throws {UsageError} for a flag that the command has not, or one with a value too many or too few.
 */
export function readCommandLine(args: string[], known: Flag[]): CommandLine {
  const byName = new Map(known.flatMap((flag) => [flag.name, flag.alias ?? []].flat().map((name) => [name, flag])));
  const line: CommandLine = { words: [], flags: new Map() };
  // Not strict, as the runtimes word what is wrong each in its own way.
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: Object.fromEntries([...byName].map(([name, { short, value }]) => [name, {
      type: value ? "string" as const : "boolean" as const,
      ...(short && name === byName.get(name)!.name ? { short } : {}),
    }])),
  });
  let taken = -1;
  for (const token of tokens) {
    if (token.index === taken) continue;
    // -1 is a number: no flag begins with a digit. It is told apart in letters, of which the first is enough.
    if (token.kind === "option" && /^-[.\d]/.test(args[token.index])) {
      line.words.push(args[taken = token.index]);
      continue;
    }
    if (token.kind === "positional") line.words.push(token.value);
    if (token.kind !== "option") continue;
    const flag = byName.get(token.name);
    if (!flag) {
      throw new UsageError(
        `There is no flag ${token.rawName.slice(0, LONGEST)}${closest(token.name, [...byName.keys()], "--")}`,
      );
    }
    if (flag.value && token.value === undefined) {
      throw new UsageError(`Give a value after ${token.rawName}: ${flag.value} is missing`);
    }
    if (!flag.value && token.value !== undefined) {
      throw new UsageError(`Give no value with ${token.rawName}: current value is ${show(token.value)}`);
    }
    line.flags.set(flag.name, token.value ?? "");
  }
  return line;
}

/** Of a word that nobody has typed by mistake, so much is enough. */
const LONGEST = 80;

/** The end of a message on a word that is not known: what was probably meant, or where to look. */
export function closest(word: string, known: string[], dashes = ""): string {
  const [best] = known.map((name) => ({ name, distance: distance(word.slice(0, LONGEST), name) })).sort((a, b) =>
    a.distance - b.distance
  );
  return best.distance <= Math.max(1, word.length / 3) ? `: did you mean ${dashes}${best.name}?` : ", see --help";
}

/** In how many letters two words differ (Levenshtein's distance). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
