import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { RedisAddress } from "./resp_client.ts";

/**
 * What can befall a connection. `refuse`: it is closed as soon as it is open. `cut`: the request never arrives. `tear`:
 * half of it arrives. `drop`: the request is executed, and the answer never arrives. `halve`: half of the answer arrives.
 * `delay`: the answer takes a while.
 */
export type Fault = "refuse" | "cut" | "tear" | "drop" | "halve" | "delay";

/** The chance of each, from 0 to 1: of `refuse` for a connection, of the others for what arrives in one piece. */
const CHANCES: Record<Fault, number> = { refuse: 0.05, cut: 0.015, tear: 0.01, drop: 0.03, halve: 0.01, delay: 0.03 };
const LONGEST_DELAY = 10;

/** A port of this machine that leads to another one, and fails on the way. */
export class FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: RedisAddress;
  readonly #random: () => number;
  /** Whether faults happen. */
  isFaulty = true;
  /** How many of each have happened. */
  readonly counts: Record<Fault, number> = { refuse: 0, cut: 0, tear: 0, drop: 0, halve: 0, delay: 0 };

  /** A proxy that is not open yet. `random` gives numbers from 0 to 1. */
  constructor(target: RedisAddress, random: () => number) {
    this.#target = target;
    this.#random = random;
    this.#server = createServer((socket) => this.#connect(socket));
  }

  /** Opens a free port. */
  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  /** The port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection, and opens no more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connect(client: Socket): void {
    this.#keep(client);
    if (this.#happens("refuse")) return void client.destroy();
    const server = connect(this.#target.port, this.#target.host ?? "127.0.0.1");
    this.#keep(server);
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };

    client.on("data", (request: Uint8Array) => {
      if (this.#happens("cut")) return cut();
      if (!this.#happens("tear")) return void server.write(request);
      server.write(request.subarray(0, request.length / 2), cut);
    });

    let last = Promise.resolve();
    server.on("data", (answer: Uint8Array) => {
      if (this.#happens("drop")) return cut();
      if (this.#happens("halve")) return void client.write(answer.subarray(0, answer.length / 2), cut);
      const delay = this.#happens("delay") ? this.#random() * LONGEST_DELAY : 0;
      // One after the other, since what comes after must not overtake what is held back.
      last = last.then(async () => {
        if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
        client.write(answer);
      });
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #happens(fault: Fault): boolean {
    if (!this.isFaulty || this.#random() >= CHANCES[fault]) return false;
    this.counts[fault]++;
    return true;
  }
}
