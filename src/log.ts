/**
 * Library logging, through LogTape: silent until an application has configured it. The logger is found where LogTape keeps
 * it for all of its copies in a program, so that an edge function that does not log does not carry LogTape either.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";

const ROOT = Symbol.for("logtape.rootLogger");

/** The logger of a part of the library, under the category `huey`; `undefined` if the program does not use LogTape. */
export function log(part: string): Logger | undefined {
  return (globalThis as { [ROOT]?: Logger | null })[ROOT]?.getChild(["huey", part]);
}
