/**
 * Proof that a message was written by somebody who knows the secret.
 *
 * @module
 */
import { fromBase64, toBase64, toUtf8 } from "./bytes.ts";
import { ConfigurationError } from "./errors.ts";
import { rich } from "./rich.ts";
import { expectMark, SerializationError, type Serializer } from "./serializer.ts";

/** A secret: text, or bytes. */
export type Secret = string | Uint8Array;

/** For {@linkcode signed}. */
export interface SignedOptions {
  /** Secrets that were used before: read, never written with. */
  previous?: Secret | readonly Secret[];
  /** What turns values into the text that is signed. @default rich() */
  inner?: Serializer;
}

const MARK = "s";
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };
/** 32 bytes in base64. */
const SIGNATURE_LENGTH = 44;

/**
 * Signs each text with HMAC-SHA-256, and reads none whose signature does not fit. The text itself stays readable.
 *
 * To change the secret, name the old one in `previous` everywhere, then write with the new one, and drop the old one
 * once no message of that time is left.
 *
 * @throws {ConfigurationError} if a secret is empty or missing.
 *
 * @example
 * ```ts
 * import { Huey, signed } from "@hq/huey";
 *
 * const huey = new Huey("my-app", { serializer: signed("a long random secret", { previous: "the one before" }) });
 * ```
 */
export function signed(secret: Secret, options: SignedOptions = {}): Serializer {
  const { previous = [], inner = rich() } = options;
  const secrets = [secret, ...(isSecret(previous) ? [previous] : previous)].map(toBytes);

  // The keys and not the promise of them are kept: on Workers a promise of one request must not be awaited in another.
  let imported: CryptoKey[] | undefined;
  async function keys(): Promise<CryptoKey[]> {
    return imported ??= await Promise.all(
      secrets.map((bytes) => crypto.subtle.importKey("raw", bytes, ALGORITHM, false, ["sign", "verify"])),
    );
  }

  return {
    async encode(value) {
      const text = await inner.encode(value);
      const [current] = await keys();
      const signature = await crypto.subtle.sign("HMAC", current, toUtf8(text));
      return MARK + toBase64(new Uint8Array(signature)) + text;
    },

    async decode(text) {
      expectMark(text, "signed()", MARK);
      const signature = fromBase64(text.slice(1, 1 + SIGNATURE_LENGTH));
      const content = text.slice(1 + SIGNATURE_LENGTH);
      const bytes = toUtf8(content);
      for (const key of await keys()) {
        if (await crypto.subtle.verify("HMAC", key, signature, bytes)) return inner.decode(content);
      }
      throw new SerializationError("Cannot decode the text: its signature fits none of the secrets");
    },
  };
}

function isSecret(value: Secret | readonly Secret[]): value is Secret {
  return typeof value === "string" || value instanceof Uint8Array;
}

function toBytes(secret: Secret): Uint8Array<ArrayBuffer> {
  const known = typeof secret === "string" || (secret as unknown) instanceof Uint8Array;
  if (!known || secret.length === 0) {
    throw new ConfigurationError(`Cannot sign without a secret: current value is ${known ? "empty" : typeof secret}`);
  }
  return typeof secret === "string" ? new TextEncoder().encode(secret) : new Uint8Array(secret);
}
