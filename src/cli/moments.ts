import { durationText } from "./duration_text.ts";

/** An instant as ISO 8601 has it, to the second, and how far it is from now. */
export function moment(at: number, now: number): string {
  return `${instant(at)}, ${distance(at, now)}`;
}

/** An instant as ISO 8601 has it, to the second. */
export function instant(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

function distance(at: number, now: number): string {
  if (at === now) return "now";
  return at > now ? `in ${durationText(at - now)}` : `${durationText(now - at)} ago`;
}
