import process from "node:process";
import { inspect, stripVTControlCharacters } from "node:util";
import { dim } from "./log.ts";

/** Writes what was asked for to standard output. Gives the exit code 0, as most that say something have done it. */
export function say(text: string): number {
  console.log(text);
  return 0;
}

/** Writes what is only for the eye, or went wrong, to standard error. */
export function warn(text: string): void {
  console.error(text);
}

/** Writes a value as JSON, on one line for a list's sake, or over several where somebody looks. */
export function sayJson(value: unknown): number {
  return say(JSON.stringify(toPlain(value), undefined, process.stdout.isTTY ? 2 : undefined));
}

/** A value as JSON can have it: what JSON has not becomes what is nearest to it. */
export function toPlain(value: unknown, above: readonly object[] = []): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "[a circle]";
  const path = [...above, value];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Map) return Array.from(value, (entry) => toPlain(entry, path));
  if (Array.isArray(value) || value instanceof Set || ArrayBuffer.isView(value)) {
    return Array.from(value as Iterable<unknown>, (item) => toPlain(item, path));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, path)]));
}

/** A value for people: a text as it is, all else as the runtime shows it. */
export function showValue(value: unknown): string {
  if (typeof value !== "string") return inspect(value, { depth: null, colors: false });
  return process.stdout.isTTY ? harmless(value, /[^\P{Cc}\n\t]/gu) : value;
}

/** A text that cannot move the cursor, hide what is there, or pretend to be another row. */
export function harmless(text: string, what: RegExp = /\p{Cc}/gu): string {
  return stripVTControlCharacters(text).replace(what, "�");
}

/** Rows in columns, below their titles. The last column is as wide as it is. */
export function table(titles: string[], rows: string[][]): string {
  const cells = rows.map((row) => row.map((cell) => harmless(cell)));
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  const line = (row: string[]) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd();
  return [dim(line(titles)), ...cells.map(line)].join("\n");
}

/** Names, and what each has. */
export function pairs(rows: [name: string, value: string | number | undefined][]): string {
  const known = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${dim(name.padEnd(width))}  ${harmless(String(value))}`.trimEnd()).join("\n");
}
