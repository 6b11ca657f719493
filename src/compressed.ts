/**
 * Smaller messages, for storages that charge by the byte or hold only so many.
 *
 * @module
 */
import { fromBase64, fromUtf8, toBase64, toUtf8 } from "./bytes.ts";
import { rich } from "./rich.ts";
import { expectMark, malformed, SerializationError, type Serializer } from "./serializer.ts";
import { toCount } from "./time.ts";

/** For {@linkcode compressed}. */
export interface CompressedOptions {
  /** What turns values into the text that is compressed. @default rich() */
  inner?: Serializer;
  /** How many bytes a text may have uncompressed, when written and when read. @default 67_108_864 */
  maxBytes?: number;
}

/** Not deflate: Deno takes a deflated text that was cut short for a whole one. */
const FORMAT = "gzip";
const PACKED = "z";
const LEFT = "c";
/** Below this many characters there is little to gain. */
const THRESHOLD = 1_024;
/** Some runtimes inflate a whole chunk before they hand anything out: at most about a thousand times this much. */
const SLICE = 4_096;

/**
 * Compresses texts of a kilobyte and more, where that makes them shorter (gzip, in base64).
 *
 * @throws {TypeError} if `maxBytes` is not a number.
 * @throws {RangeError} if `maxBytes` is not a whole number of at least 1.
 *
 * @example
 * ```ts
 * import { compressed, Huey } from "@hq/huey";
 *
 * const huey = new Huey("my-app", { serializer: compressed() });
 * ```
 */
export function compressed(options: CompressedOptions = {}): Serializer {
  const { inner = rich() } = options;
  const maxBytes = toCount("maxBytes", options.maxBytes ?? 64 * 1_024 * 1_024, 1);

  return {
    async encode(value) {
      const text = await inner.encode(value);
      if (text.length < THRESHOLD) return LEFT + text;
      const bytes = toUtf8(text);
      if (bytes.length > maxBytes) throw tooLarge("encode", maxBytes);
      const packed = toBase64(await pump(bytes, new CompressionStream(FORMAT), Infinity));
      return packed.length < bytes.length ? PACKED + packed : LEFT + text;
    },

    async decode(text) {
      expectMark(text, "compressed()", PACKED + LEFT);
      if (text[0] === LEFT) return inner.decode(text.slice(1));
      const bytes = await pump(fromBase64(text.slice(1)), new DecompressionStream(FORMAT), maxBytes);
      return inner.decode(fromUtf8(bytes));
    },
  };
}

async function pump(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  let offset = 0;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset += SLICE));
    },
  }, { highWaterMark: 0 });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of source.pipeThrough(through)) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge("decode", maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof SerializationError ? error : malformed();
  }
  const whole = new Uint8Array(length);
  length = 0;
  for (const chunk of chunks) {
    whole.set(chunk, length);
    length += chunk.length;
  }
  return whole;
}

function tooLarge(action: "encode" | "decode", maxBytes: number): SerializationError {
  return new SerializationError(
    `Cannot ${action} the text: uncompressed it is larger than 'maxBytes': current value is ${maxBytes}`,
  );
}
