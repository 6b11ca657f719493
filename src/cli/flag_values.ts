import { type Duration, show, toMilliseconds } from "../time.ts";
import { UsageError } from "./command_line.ts";

/** The value of a flag, converted; `undefined` if the flag was not given. */
export function readFlag<T>(
  flags: Map<string, string>,
  name: string,
  convert: (text: string, name: string) => T,
): T | undefined {
  const text = flags.get(name);
  return text === undefined ? undefined : convert(text, name);
}

/** A whole number of at least 1. */
export function toWholeNumber(text: string, name: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text);
  throw refuse(name, text, "a whole number of at least 1");
}

/** A whole number, 0 included. */
export function toCountOrNone(text: string, name: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw refuse(name, text, "a whole number");
}

/** What something is multiplied with to become more. */
export function toFactor(text: string, name: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) >= 1) return Number(text);
  throw refuse(name, text, "a number of at least 1");
}

/** Any number, as a priority is one. */
export function toNumber(text: string, name: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw refuse(name, text, "a number");
}

/** A duration; a number without a unit is seconds, as in code. */
export function toDuration(text: string, name: string): Duration {
  const duration = /^\d+(\.\d+)?$/.test(text) ? Number(text) : text as Duration;
  try {
    toMilliseconds(name, duration);
    return duration;
  } catch {
    throw refuse(name, text, "seconds, or a number with its unit, as in 250ms, 30s, 5m, 2h or 7d");
  }
}

/** A duration that is more than none. */
export function toPositiveDuration(text: string, name: string): Duration {
  const duration = toDuration(text, name);
  if (toMilliseconds(name, duration) > 0) return duration;
  throw refuse(name, text, "more than 0");
}

/** An instant. Without a zone it would be another one on another machine, so it must have one. */
export function toDate(text: string, name: string): Date {
  const date = new Date(text);
  const isWhole = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  if (isWhole && !Number.isNaN(date.getTime())) return date;
  throw refuse(name, text, "a date with time and zone, as in 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00");
}

/** One of a few words. */
export function toOneOf<Word extends string>(words: readonly Word[]): (text: string, name: string) => Word {
  return (text, name) => {
    if (words.includes(text as Word)) return text as Word;
    throw refuse(name, text, words.join(", ").replace(/, (\S+)$/, " or $1"));
  };
}

function refuse(name: string, text: string, allowed: string): UsageError {
  return new UsageError(`Cannot use --${name} ${show(text)}: give ${allowed}`);
}
