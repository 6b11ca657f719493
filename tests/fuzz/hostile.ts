import fc from "fast-check";

/** Names that are something in JavaScript. */
export const SPECIAL_NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "valueOf"];

/** Any text that a serialiser might have written, or somebody who knows how they look. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json().map((json) => `~${json}`),
  fc.json().map((json) => `r${json}`),
  fc.constantFrom("", "~", "~null", "~[]", "r", "r[]", "r-1", "~{", "s.", "z", "c~1", "e", "r[[1],[1]]"),
  fc.string().map((rest) => `~{"__proto__":${JSON.stringify(rest)}}`),
);

/** Any value that JSON can hold, with keys that are something in JavaScript. */
export const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 0, -1, 1e308, 0.5, "", "x", "~", "id"),
    fc.string(),
    fc.double(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...SPECIAL_NAMES, "id", "name", "args", "stages", "at"), fc.string()),
      tie("value"),
      {
        maxKeys: 4,
      },
    ),
  ),
})).value;

/** A JSON text of an object, damaged: one thing in it is another, is gone, or is there under another key. */
export function damaged(original: unknown): fc.Arbitrary<string> {
  const places: (string | number)[][] = [];
  const visit = (thing: unknown, path: (string | number)[]): void => {
    places.push(path);
    if (typeof thing !== "object" || thing === null) return;
    for (const key of Array.isArray(thing) ? thing.keys() : Object.keys(thing)) {
      visit((thing as Record<string | number, unknown>)[key], [...path, key]);
    }
  };
  visit(original, []);
  return fc.record({
    path: fc.constantFrom(...places),
    what: fc.constantFrom("replace", "remove", "rename"),
    value,
    name: fc.constantFrom(...SPECIAL_NAMES, "id", "name", "args", "stages", "handler", "join", "unknown"),
  }).map(({ path, what, value, name }) => {
    if (path.length === 0) return JSON.stringify(value);
    const copy = structuredClone(original) as Record<string | number, unknown>;
    let at = copy;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
    const last = path.at(-1)!;
    if (what === "replace") at[last] = value;
    else if (what === "remove") delete at[last];
    else Object.defineProperty(at, name, { value: at[last], enumerable: true, configurable: true, writable: true });
    return JSON.stringify(copy);
  });
}

/** Whether all objects of the program are as they were. */
export function isUnpolluted(): boolean {
  return Object.keys(Object.prototype).length === 0 && ({} as { polluted?: unknown }).polluted === undefined &&
    Object.keys(Array.prototype).length === 0;
}
