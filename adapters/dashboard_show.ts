import { html } from "hono/html";

/** A piece of a page: text in it is escaped. */
export type Html = ReturnType<typeof html>;

/** What a value is that is about to be shown. */
export interface Shown {
  /** An argument, the value that a task gave, what it said of its progress, or an error as `{ name, message, stack }`. */
  kind: "argument" | "result" | "progress" | "error";
  /** The name of the task function. */
  task: string;
  /** Of an argument: its place, from 0. */
  index?: number;
}

/** Gives what is shown in place of a value. */
export type Redact = (value: unknown, what: Shown) => unknown;

const SECRET = /pass(word|wd|phrase)?$|secret|token|authori[sz]ation|api[-_]?key|private[-_]?key|cookie|credential/i;
const HIDDEN = "[hidden]";
const LONGEST = 20_000;
const DEEPEST = 6;
const MOST_ITEMS = 100;

/** Shows values: hides what the names of fields call secret, then asks the user's own function. */
export class Values {
  readonly #redact: Redact | undefined;

  /** With a function of the user's, or without. */
  constructor(redact: Redact | undefined) {
    this.#redact = redact;
  }

  /** A value as text. */
  text(value: unknown, what: Shown): string {
    let shown = value;
    try {
      if (this.#redact) shown = this.#redact(value, what);
    } catch {
      return HIDDEN; // what cannot be redacted is not shown
    }
    const text = inspect(shown, 0, []);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
  }

  /** An error, as it may be shown. */
  error(error: { name: string; message: string; stack?: string }, task: string): { title: string; stack: string } {
    if (!this.#redact) return { title: `${error.name}: ${error.message}`, stack: error.stack ?? "" };
    let shown: unknown;
    try {
      shown = this.#redact({ ...error }, { kind: "error", task });
    } catch {
      shown = HIDDEN;
    }
    if (typeof shown !== "object" || shown === null) return { title: String(shown), stack: "" };
    const { name = "", message = "", stack = "" } = shown as Record<string, unknown>;
    return { title: `${name}: ${message}`, stack: String(stack) };
  }

  /** Arguments in one line, as in a call. */
  line(args: readonly unknown[], task: string): string {
    const texts = args.map((arg, index) => this.text(arg, { kind: "argument", task, index }).replace(/\s+/g, " "));
    const line = texts.join(", ");
    return line.length > 160 ? `${line.slice(0, 160)}…` : line;
  }
}

function inspect(value: unknown, depth: number, above: readonly unknown[]): string {
  if (typeof value === "string") return depth === 0 && value.includes("\n") ? value : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (above.includes(value)) return "[circular]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof URL) return `URL ${JSON.stringify(hidePassword(value))}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (depth >= DEEPEST) return Array.isArray(value) ? "[…]" : "{…}";
  const inside = (item: unknown): string => inspect(item, depth + 1, [...above, value]);
  if (Array.isArray(value)) return wrap("[", value.slice(0, MOST_ITEMS).map(inside), value.length, "]", depth);
  if (value instanceof Set) return wrap("Set {", [...value].slice(0, MOST_ITEMS).map(inside), value.size, "}", depth);
  const isMap = value instanceof Map;
  const entries: [unknown, unknown][] = isMap ? [...value] : Object.entries(value);
  const items = entries.slice(0, MOST_ITEMS).map(([key, item]) => {
    const name = isMap ? inside(key) : /^[A-Za-z_$][\w$]*$/.test(String(key)) ? String(key) : JSON.stringify(key);
    const hidden = typeof key === "string" && SECRET.test(key);
    return `${name}${isMap ? " →" : ":"} ${hidden ? HIDDEN : inside(item)}`;
  });
  return wrap(isMap ? "Map {" : "{", items, entries.length, "}", depth);
}

function hidePassword(url: URL): string {
  const shown = new URL(url);
  if (shown.password) shown.password = "hidden";
  return shown.href;
}

function wrap(open: string, items: string[], size: number, close: string, depth: number): string {
  const all = size > items.length ? [...items, `… ${size - items.length} more`] : items;
  if (all.length === 0) return open + close;
  const line = all.join(", ");
  if (line.length < 72 && !line.includes("\n")) return open === "[" ? `[${line}]` : `${open} ${line} ${close}`;
  const indent = "  ".repeat(depth + 1);
  return `${open}\n${all.map((item) => indent + item).join(",\n")}\n${"  ".repeat(depth)}${close}`;
}

/** A number as people read it. */
export function count(number: number): string {
  return number.toLocaleString("en");
}

/** A duration in milliseconds, short. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms < 1_000) return `${ms < 10 && ms > 0 ? ms.toFixed(1).replace(/\.0$/, "") : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** An instant, as seen from now. */
export function ago(at: number | undefined, now: number): Html {
  if (at === undefined || !(Math.abs(at) < 8.64e15)) return html`–`;
  const iso = new Date(at).toISOString();
  const away = Math.abs(now - at);
  const [size, unit] = away < 60_000 ? [1_000, "s"] : away < 3_600_000 ? [60_000, "min"] : [3_600_000, "h"];
  const far = away < 172_800_000 ? `${Math.floor(away / size)} ${unit}` : `${Math.round(away / 86_400_000)} days`;
  const text = away < 1_000 ? "now" : at > now ? `in ${far}` : `${far} ago`;
  return html`<time datetime="${iso}" title="${iso.replace("T", " ").slice(0, 23)} UTC">${text}</time>`;
}
