import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

/** A reply as it came: bulk strings as bytes, errors as values. */
export type Reply = null | number | Uint8Array | Status | ErrorReply | Reply[];

/** An answer such as `OK`, which is no data. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An answer that is an error. */
export class ErrorReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Where a Redis is. */
export interface RedisAddress {
  /** @default {"127.0.0.1"} */
  host?: string;
  port: number;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** Thrown by the parser where a reply goes on beyond what has arrived. */
class Incomplete {
  /** How many bytes there must be before it is worth another look. */
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }
}

/** One connection to Redis, in RESP2. It keeps a process alive only while a reply is awaited. */
export class RespClient {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #chunks: Uint8Array[] = [];
  #size = 0;
  #wanted = 1;
  /** Called with what comes without having been asked for: messages of a subscription. */
  onPush: (reply: Reply) => void = () => {};
  /** Called once the connection is gone. */
  onClose: () => void = () => {};

  constructor({ host = "127.0.0.1", port }: RedisAddress) {
    this.#socket = connect(port, host);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("The connection to Redis was lost"));
      this.onClose();
    });
  }

  /** Whether commands can still be sent. */
  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends a command and gives its reply; rejects only if the connection is lost. */
  send(command: (string | Uint8Array)[]): Promise<Reply> {
    if (!this.isOpen) return Promise.reject(new Error("The connection to Redis was lost"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.ref();
      this.#socket.write(encode(command));
    });
  }

  /** Does not keep the process from ending, even while a reply is awaited. */
  unref(): this {
    this.#socket.unref();
    return this;
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    const bytes = Buffer.concat(this.#chunks);
    let at = 0;
    this.#wanted = 1;
    while (at < bytes.length) {
      try {
        const { reply, next } = parse(bytes, at);
        at = next;
        const waiting = this.#waiting.shift();
        if (waiting) waiting.resolve(reply);
        else this.onPush(reply);
      } catch (error) {
        if (!(error instanceof Incomplete)) throw error;
        this.#wanted = error.size - at;
        break;
      }
    }
    if (this.#waiting.length === 0) this.#socket.unref();
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#size = bytes.length - at;
  }
}

/** A reply as Redis would have written it. */
export function encodeReply(reply: Reply): Uint8Array {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  if (reply instanceof Status) return Buffer.from(`+${reply.text}\r\n`);
  if (reply instanceof ErrorReply) return Buffer.from(`-${reply.text}\r\n`);
  if (Array.isArray(reply)) return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encodeReply)]);
  return bulk(reply);
}

function encode(command: (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat([Buffer.from(`*${command.length}\r\n`), ...command.map(bulk)]);
}

function bulk(value: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
}

function parse(bytes: Buffer, at: number): { reply: Reply; next: number } {
  const end = bytes.indexOf("\r\n", at);
  if (end < 0) throw new Incomplete(bytes.length + 1);
  const line = bytes.toString("utf8", at + 1, end);
  let next = end + 2;
  switch (String.fromCharCode(bytes[at])) {
    case "+":
      return { reply: new Status(line), next };
    case "-":
      return { reply: new ErrorReply(line), next };
    case ":":
      return { reply: Number(line), next };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      if (bytes.length < next + length + 2) throw new Incomplete(next + length + 2);
      // A copy: the buffer it lies in is larger, and goes.
      return { reply: Uint8Array.from(bytes.subarray(next, next + length)), next: next + length + 2 };
    }
    case "*": {
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      const items: Reply[] = [];
      for (let i = 0; i < length; i++) {
        const item = parse(bytes, next);
        items.push(item.reply);
        next = item.next;
      }
      return { reply: items, next };
    }
    default:
      throw new Error(`Redis sent what is not RESP2: ${JSON.stringify(line.slice(0, 40))}`);
  }
}
