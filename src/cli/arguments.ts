import { show } from "../time.ts";
import { UsageError } from "./command_line.ts";

/**
 * An argument as it was typed, as a value: what is JSON is read as JSON, all else is text.
 *
 * @throws {UsageError} for a number that would come out as another one.
 */
export function toArgument(typed: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(typed);
  } catch {
    return typed;
  }
  const isWhole = typeof value === "number" && /^-?\d+$/.test(typed.trim());
  if (typeof value === "number" && (isWhole ? !Number.isSafeInteger(value) : !Number.isFinite(value))) {
    throw new UsageError(`${show(typed)} is more than a number can hold exactly: for text, quote it as '"${typed}"'`);
  }
  return value;
}
