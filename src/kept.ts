/**
 * What the library keeps for itself, as JSON after a tilde. It comes out of a storage, so anybody may have written it.
 *
 * @module
 */

/** Whether it has properties. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What was kept as this text; `undefined` if it cannot be read. */
export function readKept<T extends object>(text: string): Partial<T> | undefined {
  try {
    const value = JSON.parse(text.slice(1));
    return isRecord(value) ? value as Partial<T> : undefined;
  } catch {
    return undefined;
  }
}
