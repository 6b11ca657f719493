import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { configure, getConfig, getTextFormatter, type LogLevel, type LogRecord } from "@logtape/logtape";
import { describeError } from "../errors.ts";
import { UsageError } from "./command_line.ts";

/** How much is logged, and where to. */
export interface LogOptions {
  level: "debug" | "info" | "warning";
  /** `simple`: the time of day and the message. */
  format: "full" | "simple";
  /** Absent: standard error. */
  file?: string;
}

const NAMES: Record<LogLevel, string> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO ",
  warning: "WARN ",
  error: "ERROR",
  fatal: "FATAL",
};
const COLOURS: Record<LogLevel, number> = { trace: 90, debug: 90, info: 32, warning: 33, error: 31, fatal: 31 };

/** Where the log goes if it goes to no file. */
export interface LogPlace {
  /** How wide the terminal is; absent: it is none. */
  columns?: number;
  /** Absent: standard error. */
  write?: (line: string) => void;
}

/** Standard error. */
export function ownLogPlace(): LogPlace {
  return process.stderr.isTTY ? { columns: process.stderr.columns || 80 } : {};
}

/**
 * Lets the log be seen. An application that has configured LogTape by itself keeps what it has.
 *
 * @throws {UsageError} if the file cannot be written.
 */
export async function configureLog(
  { level, format, file }: LogOptions,
  place: LogPlace = ownLogPlace(),
): Promise<void> {
  const write = file === undefined ? place.write ?? ((line: string) => console.error(line)) : appender(file);
  if (getConfig()) return;
  const text = formatter(format, file === undefined ? place.columns : undefined);
  await configure({
    sinks: { out: (record: LogRecord) => write(text(record).trimEnd()) },
    loggers: [
      { category: [], sinks: ["out"], lowestLevel: level },
      // It says there that somebody else may configure it; here it is the CLI that has.
      { category: ["logtape", "meta"], sinks: ["out"], lowestLevel: "warning", parentSinks: "override" },
    ],
  });
}

/** Dims a text, if somebody looks at standard error who can see colours, and wants to. */
export function dim(text: string): string {
  return process.stderr.isTTY && !process.env.NO_COLOR ? paint(2, text) : text;
}

function paint(code: number, text: string): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

/** Writes at once, so that the last words of a process are not lost. */
function appender(file: string): (line: string) => void {
  try {
    const descriptor = openSync(file, "a");
    return (line) => void writeSync(descriptor, `${line}\n`);
  } catch (error) {
    throw new UsageError(`Cannot use --logfile ${JSON.stringify(file)}: ${describeError(error)}`);
  }
}

/** On a terminal somebody knows which day it is, and lines are short. */
function formatter(format: LogOptions["format"], columns: number | undefined): (record: LogRecord) => string {
  const isShort = format === "simple" || columns !== undefined;
  const indent = (isShort ? 9 : 25) + (format === "simple" ? 0 : 6);
  const [dimmed, levelled] = columns !== undefined && !process.env.NO_COLOR
    ? [(text: string) => paint(2, text), (level: LogLevel, text: string) => paint(COLOURS[level], text)]
    : [(text: string) => text, (_: LogLevel, text: string) => text];
  return getTextFormatter({
    timestamp: isShort ? (at) => new Date(at).toTimeString().slice(0, 8) : "rfc3339",
    value: "bare",
    format: ({ timestamp, category, message, record }) => {
      const { level, properties } = record;
      const name = format === "simple" ? "" : `${levelled(level, NAMES[level])} `;
      const from = record.category[0] === "huey" || category === "" ? "" : `${category}: `;
      const frames = (properties.frames ?? []) as string[];
      const lines = columns === undefined ? from + message : wrap(from + message, indent, columns);
      return [`${dimmed(timestamp!)} ${name}${lines}`, ...frames.map(dimmed)].join("\n    ");
    },
  });
}

/** Breaks a text between words where it would reach the edge; what follows begins below its beginning. */
function wrap(text: string, indent: number, columns: number): string {
  let column = indent;
  return text.split(/(?<= )(?=\S)/).map((word) => {
    const breaks = column > indent && column + word.trimEnd().length > columns;
    column = (breaks ? indent : column) + word.length;
    return breaks ? `\n${" ".repeat(indent)}${word}` : word;
  }).join("").replaceAll(" \n", "\n");
}
