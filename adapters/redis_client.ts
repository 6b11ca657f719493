import { ConfigurationError } from "../src/errors.ts";
import { show } from "../src/time.ts";
import type { Send } from "./redis_runner.ts";
import type { Listen } from "./redis_wakes.ts";

/** What is used of a client of ioredis or iovalkey, and of their `Cluster`. */
export interface CallClient {
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Makes another client of the same settings. */
  duplicate?(): unknown;
}

/** What is used of a client of node-redis (`createClient`). */
export interface SendCommandClient {
  /** Sends a command. */
  sendCommand(args: string[]): Promise<unknown>;
  /** Makes another client of the same settings, to be connected. */
  duplicate?(): unknown;
}

/** What is used of a cluster of node-redis (`createCluster`). */
export interface SendCommandCluster {
  /** Sends a command to the node of a key. */
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  /** What tells a cluster from a client. */
  readonly slots: unknown;
  /** Makes another cluster of the same settings, to be connected. */
  duplicate?(): unknown;
}

/** What is used of Bun's own `RedisClient`. */
export interface SendClient {
  /** Sends a command. */
  send(command: string, args: string[]): Promise<unknown>;
  /** Makes another client of the same settings. */
  duplicate?(): unknown;
}

/** A client that {@linkcode redis} takes. None is imported here: these are the parts that are used. */
export type RedisClient = CallClient | SendCommandClient | SendCommandCluster | SendClient;

/** What is made of a client. */
export interface Connection {
  /** Sends a command. */
  send: Send;
  /** Opens a second connection; absent where the client cannot be duplicated. */
  listen?: Listen;
}

/** The duplicates, as far as they are used. */
interface EventClient {
  on(event: string, listener: (...args: never[]) => void): unknown;
  subscribe(...channels: string[]): Promise<unknown>;
  disconnect(): void;
}
interface ConnectClient {
  on(event: string, listener: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  destroy(): void;
}
interface BunClient {
  onconnect: unknown;
  onclose: unknown;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  close(): void;
}

/**
 * How to talk to Redis through a client.
 *
 * @throws {ConfigurationError} if it is none of those that are known.
 */
export function connectionOf(client: RedisClient): Connection {
  const known: Partial<Record<"call" | "send" | "sendCommand" | "duplicate" | "slots", unknown>> =
    typeof client === "object" && client !== null ? client as object : {};
  const wakeable = typeof known.duplicate === "function";
  if (typeof known.call === "function") return ofCall(client as CallClient, wakeable);
  if (typeof known.send === "function") return ofSend(client as SendClient, wakeable);
  if (typeof known.sendCommand === "function") {
    return known.slots === undefined
      ? ofSendCommand(client as SendCommandClient, wakeable)
      : ofCluster(client as SendCommandCluster, wakeable);
  }
  throw new ConfigurationError(
    `Cannot use this as a Redis client: current value is ${show(client)}; give a client of ioredis, iovalkey or ` +
      "node-redis, or Bun's RedisClient",
  );
}

function ofCall(client: CallClient, wakeable: boolean): Connection {
  return {
    send: (command, args) => client.call(command, ...args),
    listen: wakeable
      ? (events) => {
        const second = client.duplicate!() as EventClient;
        second.on("error", () => {}); // without it they print to the console
        second.on("message", events.message as (...args: never[]) => void);
        second.on("ready", () => events.up());
        second.on("end", () => events.down());
        return Promise.resolve({
          subscribe: (channel) => second.subscribe(channel),
          close: () => second.disconnect(),
        });
      }
      : undefined,
  };
}

function ofSendCommand(client: SendCommandClient, wakeable: boolean): Connection {
  return {
    send: (command, args) => client.sendCommand([command, ...args]),
    listen: wakeable ? connecting(() => client.duplicate!() as ConnectClient) : undefined,
  };
}

function ofCluster(client: SendCommandCluster, wakeable: boolean): Connection {
  return {
    send: (command, args, key) => client.sendCommand(key, false, [command, ...args]),
    listen: wakeable ? connecting(() => client.duplicate!() as ConnectClient) : undefined,
  };
}

/** Of node-redis, whose clients connect when they are told. */
function connecting(duplicate: () => ConnectClient): Listen {
  return async (events) => {
    const second = duplicate();
    second.on("error", () => {}); // without it their process ends
    second.on("ready", () => events.up());
    second.on("end", () => events.down());
    await second.connect();
    const listener = (message: string, channel: string): void => events.message(channel, message);
    return {
      subscribe: (channel) => second.subscribe(channel, listener),
      close: () => second.destroy(),
    };
  };
}

function ofSend(client: SendClient, wakeable: boolean): Connection {
  return {
    send: (command, args) => client.send(command, args),
    listen: wakeable
      ? async (events) => {
        const second = await client.duplicate!() as BunClient;
        second.onconnect = () => events.up();
        second.onclose = () => events.down();
        const listener = (message: string, channel: string): void => events.message(channel, message);
        const heard = new Set<string>();
        return {
          // Over a reconnect it keeps the listener and loses the subscription.
          subscribe: (channel) => {
            const subscribed = second.subscribe(channel, heard.has(channel) ? () => {} : listener);
            heard.add(channel);
            return subscribed;
          },
          close: () => second.close(),
        };
      }
      : undefined,
  };
}
