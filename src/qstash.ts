/**
 * The signature of a request that Upstash QStash has sent: a JWT over the URL and the body, by one of two keys.
 *
 * @module
 */
import { fromBase64 } from "./bytes.ts";

/** The signing keys, as the console shows them. */
export interface QStashKeys {
  /** The key in use. */
  currentSigningKey: string;
  /** The key that comes after it. */
  nextSigningKey: string;
  /** The URL that QStash calls; absent: that of the request. A proxy between the two may change it. */
  url?: string;
}

interface Claims {
  iss?: string;
  sub?: string;
  exp?: number;
  nbf?: number;
  body?: string;
}

/** By how many seconds a signature may be of the future: clocks of hosts differ. */
const SKEW = 30;

/** Whether QStash has sent this very request. The body is read from a copy. */
export async function isSignedByQStash(request: Request, keys: QStashKeys, now: number): Promise<boolean> {
  const [header, payload, signature] = (request.headers.get("upstash-signature") ?? "").split(".");
  if (signature === undefined) return false;
  try {
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const valid = await Promise.all(
      [keys.currentSigningKey, keys.nextSigningKey].map((key) => verify(key, fromBase64Url(signature), signed)),
    );
    if (!valid.includes(true)) return false;
    const { iss, sub, exp = 0, nbf = 0, body = "" }: Claims = JSON.parse(
      new TextDecoder().decode(fromBase64Url(payload)),
    );
    const digest = await crypto.subtle.digest("SHA-256", await request.clone().arrayBuffer());
    return iss === "Upstash" && sub === (keys.url ?? request.url) && exp > now / 1_000 &&
      nbf <= now / 1_000 + SKEW && isSame(fromBase64Url(body), new Uint8Array(digest));
  } catch {
    return false;
  }
}

async function verify(
  key: string,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", new TextEncoder().encode(key), hmac, false, ["verify"]);
  return await crypto.subtle.verify("HMAC", imported, signature, signed);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  return fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
}
