/**
 * Who may come in over HTTP: whoever shows a secret.
 *
 * @module
 */
import { ConfigurationError } from "./errors.ts";

/** The secrets that were given, checked. */
export function toSecrets(secret: string | readonly string[] | undefined): readonly string[] {
  const secrets = typeof secret === "string" ? [secret] : secret ?? [];
  if (secrets.some((secret) => typeof secret !== "string" || secret === "")) {
    throw new ConfigurationError("A secret must be a string that is not empty: is its environment variable set?");
  }
  return secrets;
}

/** Whether a request shows one of the secrets as `Authorization: Bearer …`. */
export async function isBearer(request: Request, secrets: readonly string[]): Promise<boolean> {
  const shown = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (shown === undefined) return false;
  // All of them are compared, whichever matches: how long it takes must not tell which.
  return (await Promise.all(secrets.map((secret) => isEqual(shown, secret)))).includes(true);
}

/** Compares digests, so that the time it takes says nothing about how much of a guess is right. */
async function isEqual(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((text) => {
    return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  }));
  const right = new Uint8Array(b);
  return new Uint8Array(a).reduce((difference, byte, i) => difference | (byte ^ right[i]), 0) === 0;
}
