import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An open port that answers HTTP. */
export interface HttpListener {
  /** Where it is, without a slash at the end. */
  url: string;
  /** Closes the port, and every connection to it. */
  close(): Promise<void>;
  /** Lets the process end although the port is open, and connections to it. */
  unref(): void;
}

/** Lets a handler answer on a port of this machine, a free one if none is named. On Deno, Bun and Node alike. */
export async function listen(
  handler: (request: Request) => Promise<Response>,
  { port = 0 }: { port?: number } = {},
): Promise<HttpListener> {
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Node ends a connection that was idle for five seconds, just when a client may be sending its next request on it.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    unref: () => {
      server.unref();
      server.on("connection", (socket) => socket.unref());
    },
  };
}

async function answer(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = "GET", headers, url } = incoming;
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = method === "GET" || method === "HEAD" ? undefined : Buffer.concat(chunks);
  const request = new Request(`http://${headers.host}${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    body,
  });
  const response = await handler(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  // As a stream only what is one: it costs.
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    outgoing.end(new Uint8Array(await response.arrayBuffer()));
    return;
  }
  const reader = response.body?.getReader();
  outgoing.on("close", () => void reader?.cancel().catch(() => {}));
  while (reader && !outgoing.destroyed) {
    const { value, done } = await reader.read();
    if (done) break;
    outgoing.write(value);
  }
  outgoing.end();
}
