import process from "node:process";
import { test } from "node:test";
import { ownRuntime, type RuntimeName } from "./sandbox.ts";

/** What takes long and is the same under each runtime is done once, and not three times, unless all is asked for. */
const isDealt = process.env.HUEY_TEST_ALL === undefined;

/** Whose turn it is, in turn: Bun's more often than Node's, as it takes half as long for the same. */
const TURNS: RuntimeName[] = ["deno", "bun", "node", "deno", "bun", "bun"];

/** Whether it is this runtime that does the work of this number; each number is one runtime's. */
export function isOwnTurn(number: number): boolean {
  return !isDealt || TURNS[number % TURNS.length] === ownRuntime;
}

/** The part that this runtime has of some work. */
export function ownShare<T>(items: readonly T[]): T[] {
  return items.filter((_, i) => isOwnTurn(i));
}

/** Registers tests that are run under one runtime. */
export function onlyUnder(runtime: RuntimeName): (title: string, body: () => Promise<void>) => void {
  return (title, body) => void test(title, { skip: isDealt && ownRuntime !== runtime }, body);
}
