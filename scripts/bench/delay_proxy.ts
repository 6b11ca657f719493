import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Milliseconds. */
const DELAY = 1;

/** A port of this machine that leads to another one, a millisecond away: each piece of a request is held back for that long. */
export class DelayProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** See {@linkcode open}. */
  constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connect(target, "127.0.0.1");
      for (const socket of [client, server]) {
        socket.setNoDelay(true);
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      // Timers of one length go off in the order in which they were set, so nothing overtakes.
      client.on("data", (request) => void setTimeout(() => server.write(request), DELAY));
      server.on("data", (answer) => void client.write(answer));
    });
  }

  /** Opens a free port that leads to this one. */
  static async open(target: number): Promise<DelayProxy> {
    const proxy = new DelayProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
