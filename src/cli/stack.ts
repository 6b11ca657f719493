import { stripVTControlCharacters } from "node:util";

/** Frames of the runtimes and of this library, which say nothing to whoever wrote the code that threw. */
const FOREIGN = /node:|ext:|\bnative\b|\(native|<anonymous>\)?$|@hq\/huey/;
const OWN = new URL("..", import.meta.url).href;
const MOST = 10;

/** Where an error was thrown: the frames of its stack that are the user's, innermost first, each on a line. */
export function userFrames(error: unknown): string[] {
  if (!(error instanceof Error) || typeof error.stack !== "string") return [];
  const own = [OWN, OWN.replace("file://", "")];
  return stripVTControlCharacters(error.stack).split("\n").map((line) => line.trim())
    .filter((line) => line.startsWith("at ") && !FOREIGN.test(line) && !own.some((path) => line.includes(path)))
    .slice(0, MOST);
}

/** Of a module that cannot be parsed: where. Node puts it before the stack, Bun in a property, Deno in the message. */
export function syntaxPlace(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { position } = error as { position?: { file: string; line: number; column: number } | null };
  if (position) return [`at ${position.file}:${position.line}:${position.column}`];
  const [first = ""] = error.stack?.split("\n") ?? [];
  return error instanceof SyntaxError && !first.startsWith(error.name) ? [`at ${first}`] : [];
}
