import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigurationError } from "../errors.ts";

/** A port that is open. */
export interface OpenPort {
  /** Which. */
  port: number;
  /** Closes it, and every connection to it. */
  close(): void;
}

/**
 * Lets a handler answer over HTTP, on Deno, Bun and Node alike.
 *
 * @throws {ConfigurationError} if the port cannot be opened.
 */
export async function serve(
  handler: (request: Request) => Response | Promise<Response>,
  { host, port }: { host: string; port: number },
): Promise<OpenPort> {
  // Only here: to load it is a fifth of what Node takes to start the command line.
  const { createServer } = await import("node:http");
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve).once("error", (error: NodeJS.ErrnoException) => {
      reject(new ConfigurationError(`Cannot listen on ${host}:${port} (${error.code}): give another --port or --host`));
    });
    server.listen(port, host);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  handler: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = "GET", headers, url } = incoming;
  const origin = `http://${headers.host}`;
  if (!URL.canParse(url ?? "", origin)) return void outgoing.writeHead(400).end();
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const response = await handler(
    new Request(new URL(url!, origin), {
      method,
      headers: Object.entries(headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((one): [string, string] => [name, one])
      ),
      body: method === "GET" || method === "HEAD" ? undefined : Buffer.concat(chunks),
      signal: gone.signal,
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  gone.signal.addEventListener("abort", () => void reader?.cancel().catch(() => {}));
  while (reader && !gone.signal.aborted) {
    const { value, done } = await reader.read();
    if (done) break;
    outgoing.write(value);
  }
  outgoing.end();
}
