/**
 * Upstash's REST API over a real Redis, for tests and for working offline.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { encodeReply, ErrorReply, type RedisAddress, type Reply, RespClient, Status } from "./resp_client.ts";
import { type Command, refusal, Scripts } from "./upstash_commands.ts";

/** For {@linkcode UpstashServer}. */
export interface UpstashServerOptions {
  /** The Redis behind it. */
  redis: RedisAddress;
  /** What a request must carry. */
  token: string;
  /** How many bytes a request may have. @default {10485760} */
  maxRequestSize?: number;
}

/** How a reply is written down. */
type Encoding = "plain" | "base64";

const METHODS = ["HEAD", "GET", "POST", "PUT"];

/** A REST server without a port: give its {@linkcode fetch} requests. */
export class UpstashServer {
  readonly #options: UpstashServerOptions;
  readonly #scripts = new Scripts();
  readonly #streams = new Set<RespClient>();
  #client: RespClient | undefined;
  #answers = 0;
  /** How many requests came, refused ones included. */
  requests = 0;

  constructor(options: UpstashServerOptions) {
    this.#options = options;
  }

  /** Answers a request as Upstash would. */
  readonly fetch = async (request: Request): Promise<Response> => {
    this.requests++;
    const response = await this.#respond(request).catch((error) => {
      if (error instanceof SyntaxError) return failed(400, `ERR failed to parse command: ${error.message}`);
      return failed(502, `ERR ${error.message}`);
    });
    response.headers.set("upstash-sync-token", `local=${++this.#answers}`);
    return request.method === "HEAD" ? new Response(null, response) : response;
  };

  /** Lets go of the connections to Redis. */
  close(): void {
    this.#client?.close();
    for (const stream of this.#streams) stream.close();
  }

  async #respond(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, bearer] = /^Bearer (.*)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (!METHODS.includes(request.method)) return failed(405, "ERR Method Not Allowed");
    if ((bearer ?? searchParams.get("_token")) !== this.#options.token) {
      return failed(401, "WRONGPASS invalid or missing auth token");
    }
    const encoding = request.headers.get("upstash-encoding") === "base64" ? "base64" : "plain";
    const format = request.headers.get("upstash-response-format") ?? "json";
    if (format !== "json" && format !== "resp2") return failed(400, `ERR unknown response format '${format}'`);
    if (format === "resp2" && encoding === "base64") return failed(400, "ERR resp2 cannot be encoded as base64");

    const body = new Uint8Array(await request.arrayBuffer());
    const { maxRequestSize = 10 * 1024 * 1024 } = this.#options;
    if (body.length > maxRequestSize) {
      const sizes = `Limit: ${maxRequestSize} bytes, Actual: ${body.length} bytes`;
      return failed(400, `ERR max request size exceeded. ${sizes}`);
    }

    const [endpoint, ...words] = pathname.slice(1).split("/").map(decodeURIComponent);
    if (endpoint === "pipeline") {
      const replies = await Promise.all(readCommands(body).map((command) => this.#execute(command)));
      if (format === "resp2") return binary(Buffer.concat(replies.map(encodeReply)), 200);
      return Response.json(replies.map((reply) => toItem(reply, encoding)));
    }
    if (endpoint === "multi-exec") return await this.#transact(readCommands(body), encoding);
    if (endpoint === "subscribe" || endpoint === "psubscribe") return this.#subscribe([endpoint, ...words]);

    const command = endpoint === "" ? readCommand(body) : toCommand([endpoint, ...words], body, searchParams);
    const reply = await this.#execute(command);
    const status = reply instanceof ErrorReply ? 400 : 200;
    if (format === "resp2") return binary(encodeReply(reply), status);
    return Response.json(toItem(reply, encoding), { status });
  }

  async #execute(command: Command): Promise<Reply> {
    const refused = refusal(command);
    if (refused) return new ErrorReply(refused);
    // Upstash answers these with nothing in them, whatever is asked.
    if (/^(command|config)$/i.test(String(command[0]))) return [];
    if (!this.#client?.isOpen) this.#client = new RespClient(this.#options.redis).unref();
    return this.#scripts.answer(command, await this.#client.send(this.#scripts.translate(command)));
  }

  /** On a connection of its own: what others send meanwhile must not get into the transaction. */
  async #transact(commands: Command[], encoding: Encoding): Promise<Response> {
    const refused = commands.map(refusal).find((reason) => reason !== undefined);
    if (refused) return failed(400, refused);
    const client = new RespClient(this.#options.redis).unref();
    try {
      const sent = [["MULTI"], ...commands.map((command) => this.#scripts.translate(command)), ["EXEC"]];
      const replies = await Promise.all(sent.map((command) => client.send(command)));
      const discarded = replies.slice(0, -1).find((reply) => reply instanceof ErrorReply);
      if (discarded) return failed(400, discarded.text);
      const executed = replies.at(-1);
      if (!Array.isArray(executed)) throw new Error("Redis did not execute the transaction");
      const answers = executed.map((reply, i) => this.#scripts.answer(commands[i], reply));
      return Response.json(answers.map((reply) => toItem(reply, encoding)));
    } finally {
      client.close();
    }
  }

  /** Messages as server-sent events, until the reader has gone. */
  #subscribe(command: string[]): Response {
    const client = new RespClient(this.#options.redis).unref();
    this.#streams.add(client);
    const events = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (reply: Reply): void => {
          const words = Array.isArray(reply) ? reply : [reply];
          const line = words.map((word) => word instanceof Uint8Array ? Buffer.from(word).toString() : word).join();
          controller.enqueue(Buffer.from(`data: ${line}\n\n`));
        };
        client.onPush = send;
        client.onClose = () => {
          if (this.#streams.delete(client)) controller.close();
        };
        client.send(command).then(send, () => {});
      },
      cancel: () => {
        this.#streams.delete(client);
        client.close();
      },
    });
    return new Response(events, { headers: { "content-type": "text/event-stream" } });
  }
}

function failed(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

function binary(bytes: Uint8Array, status: number): Response {
  return new Response(Uint8Array.from(bytes), { status, headers: { "content-type": "application/octet-stream" } });
}

/** `/set/foo?EX=100` with a body: the body comes after the words of the path, and the query after the body. */
function toCommand(path: string[], body: Uint8Array, query: URLSearchParams): Command {
  const extra = [...query].filter(([key]) => key !== "_token").flatMap(([key, value]) => value ? [key, value] : [key]);
  return [...path, ...(body.length > 0 ? [body] : []), ...extra];
}

function readCommands(body: Uint8Array): Command[] {
  const rows: unknown = JSON.parse(new TextDecoder().decode(body));
  if (!Array.isArray(rows)) throw new SyntaxError("not an array of commands");
  return rows.map(checkCommand);
}

function readCommand(body: Uint8Array): Command {
  return checkCommand(JSON.parse(new TextDecoder().decode(body)));
}

function checkCommand(words: unknown): Command {
  if (!Array.isArray(words) || words.length === 0) throw new SyntaxError("not a command with its arguments");
  return words.map((word: unknown) => {
    if (!["string", "number", "boolean"].includes(typeof word)) throw new SyntaxError("not a text, number or boolean");
    return String(word);
  });
}

function toItem(reply: Reply, encoding: Encoding): { result: unknown } | { error: string } {
  if (reply instanceof ErrorReply) return { error: reply.text };
  if (reply instanceof Status && reply.text === "OK") return { result: "OK" };
  return { result: toJson(reply, encoding) };
}

function toJson(reply: Reply, encoding: Encoding): unknown {
  if (Array.isArray(reply)) return reply.map((item) => toJson(item, encoding));
  if (reply instanceof ErrorReply) return reply.text;
  if (reply instanceof Status) return encoding === "base64" ? Buffer.from(reply.text).toString("base64") : reply.text;
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString(encoding === "base64" ? "base64" : "utf8");
  return reply;
}
