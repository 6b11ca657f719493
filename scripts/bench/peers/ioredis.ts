import { requirePeer } from "./peer.ts";

/** What is used of ioredis by those who have no library around them. */
export interface Client {
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
  pipeline(): Pipeline;
  disconnect(): void;
}

/** Commands that are sent together. */
export interface Pipeline {
  call(command: string, ...args: (string | number)[]): unknown;
  exec(): Promise<[error: unknown, answer: unknown][]>;
}

/** A client that is connected. */
export async function ioredis(port: number): Promise<Client> {
  const { Redis } = requirePeer<{ Redis: new (options: object) => Client }>("ioredis");
  const client = new Redis({ port });
  await client.call("PING");
  return client;
}

/** They have nobody who wakes them. */
export function pauseWhenIdle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
