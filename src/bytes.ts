/**
 * Bytes as text and text as bytes, strictly: what is not exactly right is refused, never mended.
 *
 * @module
 */
import { malformed, SerializationError } from "./serializer.ts";

/** The methods that a runtime may have; Node 22 does not. */
interface NativeBase64 {
  toBase64?(): string;
}

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  const native = (bytes as NativeBase64).toBase64;
  if (native) return native.call(bytes);
  let binary = "";
  // An argument list has a limit of its own, in some engines about 65 000.
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

/** The bytes of a base64 text as {@linkcode toBase64} writes it; throws {@linkcode SerializationError} for any other. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw malformed();
  }
  // atob overlooks spaces, missing padding and spare bits, by which a changed text would pass for the same one.
  if (btoa(binary) !== text) throw malformed();
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** Text as UTF-8; throws {@linkcode SerializationError} for a lone surrogate, which UTF-8 cannot hold. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed()) throw new SerializationError("Cannot encode the text: it has a lone surrogate");
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 bytes; throws {@linkcode SerializationError} if they are none. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}
