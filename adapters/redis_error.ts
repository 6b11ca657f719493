import { HueyError } from "../src/errors.ts";

/** Thrown if Redis cannot be reached, or refuses what it is asked. The same request may succeed later. */
export class RedisError extends HueyError {
  /** The class's name; survives minification. */
  override name = "RedisError";
  /** Redis' own code, as `OOM`, `NOPERM`, `READONLY`, `LOADING`; absent if it was not Redis that spoke. */
  readonly code?: string;

  /**
   * What was to be done, and what came instead. Only the first line of the client's message is kept: beside it, clients
   * give away what was sent.
   */
  constructor(operation: string, error: unknown) {
    const text = error instanceof Error ? error.message : String(error);
    const [line] = text.split(/\n|, (?:with args beginning with|command was)/, 1);
    super(`Could not ${operation} in Redis: ${line.slice(0, 200)}`);
    this.code = /^[A-Z]{2,}(?=\s|$)/.exec(text)?.[0];
  }
}
