/**
 * Messages that whoever runs the storage cannot read or change.
 *
 * @module
 */
import { fromBase64, fromUtf8, toBase64, toUtf8 } from "./bytes.ts";
import { ConfigurationError } from "./errors.ts";
import { rich } from "./rich.ts";
import { expectMark, SerializationError, type Serializer } from "./serializer.ts";

/** An AES-256 key: 32 random bytes, those bytes as base64, or a `CryptoKey` for AES-GCM. */
export type EncryptionKey = CryptoKey | Uint8Array | string;

/** For {@linkcode encrypted}. */
export interface EncryptedOptions {
  /** Keys that were used before: read, never written with. */
  previous?: EncryptionKey | readonly EncryptionKey[];
  /** What turns values into the text that is encrypted. @default rich() */
  inner?: Serializer;
}

const MARK = "e";
const KEY_BYTES = 32;
/** What AES-GCM is made for. */
const IV_BYTES = 12;

/**
 * Encrypts each text with AES-256-GCM, which also shows any change to it. What remains visible is what a storage needs:
 * names of tasks, ids, times and lengths.
 *
 * Change the key before four thousand million messages were written with it: each has a random nonce, and with more of
 * them two may be alike. `openssl rand -base64 32` makes a key.
 *
 * @throws {ConfigurationError} if a key is not an AES-256 key.
 *
 * @example
 * ```ts
 * import { encrypted, Huey } from "@hq/huey";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const huey = new Huey("my-app", { serializer: encrypted(key) });
 * ```
 */
export function encrypted(key: EncryptionKey, options: EncryptedOptions = {}): Serializer {
  const { previous = [], inner = rich() } = options;
  const given = [key, ...(Array.isArray(previous) ? previous : [previous])].map(check);

  // The keys and not the promise of them are kept: on Workers a promise of one request must not be awaited in another.
  let imported: CryptoKey[] | undefined;
  async function keys(): Promise<CryptoKey[]> {
    return imported ??= await Promise.all(
      given.map((key) =>
        key instanceof CryptoKey ? key : crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"])
      ),
    );
  }

  return {
    async encode(value) {
      const text = toUtf8(await inner.encode(value));
      const [current] = await keys();
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, current, text));
      const bytes = new Uint8Array(IV_BYTES + sealed.length);
      bytes.set(iv);
      bytes.set(sealed, IV_BYTES);
      return MARK + toBase64(bytes);
    },

    async decode(text) {
      expectMark(text, "encrypted()", MARK);
      const bytes = fromBase64(text.slice(1));
      const iv = bytes.subarray(0, IV_BYTES);
      for (const key of await keys()) {
        const opened = await open(key, iv, bytes.subarray(IV_BYTES));
        if (opened) return inner.decode(fromUtf8(opened));
      }
      throw new SerializationError("Cannot decode the text: it was changed, or encrypted with none of the keys");
    },
  };
}

/** The plain bytes, or nothing if this is not the key. */
async function open(
  key: CryptoKey,
  iv: Uint8Array<ArrayBuffer>,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed));
  } catch {
    return undefined;
  }
}

function check(key: EncryptionKey): CryptoKey | Uint8Array<ArrayBuffer> {
  if (key instanceof CryptoKey) {
    const { name, length } = key.algorithm as { name: string; length?: number };
    if (name === "AES-GCM" && length === KEY_BYTES * 8) return key;
    throw wrongKey(`of ${name}${length ? ` with ${length} bits` : ""}`);
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = typeof key === "string" ? fromBase64(key) : new Uint8Array(key);
  } catch {
    throw wrongKey("a string that is not base64");
  }
  if (bytes.length !== KEY_BYTES) throw wrongKey(`${bytes.length} bytes long`);
  return bytes;
}

function wrongKey(current: string): ConfigurationError {
  return new ConfigurationError(
    `Cannot encrypt without an AES-256 key: current value is ${current}; ` +
      "give 32 bytes, their base64, or a CryptoKey for AES-GCM",
  );
}
