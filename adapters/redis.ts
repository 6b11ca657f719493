/**
 * The storage in Redis or Valkey, over a client of yours: ioredis, iovalkey, node-redis or Bun's own, on one server or
 * a cluster.
 *
 * @example
 * ```ts ignore
 * import { Huey } from "@hq/huey";
 * import { redis } from "@hq/huey/redis";
 * import { Redis } from "ioredis";
 * const huey = new Huey("my-app", { storage: redis(new Redis()) });
 * ```
 *
 * @module
 */
import type { StorageFactory } from "../src/storage.ts";
import { connectionOf, type RedisClient } from "./redis_client.ts";
import { warnOfEviction } from "./redis_eviction.ts";
import { Runner, type Send } from "./redis_runner.ts";
import { RedisStorage } from "./redis_storage.ts";
import { Wakes } from "./redis_wakes.ts";

export type { CallClient, RedisClient, SendClient, SendCommandClient, SendCommandCluster } from "./redis_client.ts";
export { RedisError } from "./redis_error.ts";

/**
 * A storage in Redis (5 or later), through a client that is connected, or connects by itself. It may serve any number of
 * names and other purposes; it stays open when the storage is closed.
 *
 * Where the client can be duplicated, a second connection is opened when first somebody waits (for work, or for a
 * result), and closed with the last storage of the factory. Where it cannot, the library polls.
 *
 * @throws {ConfigurationError} if it is not a client that is known.
 */
export function redis(client: RedisClient): StorageFactory {
  const connection = connectionOf(client);
  let isFirst = true;
  const send: Send = (command, args, key) => {
    if (isFirst) void warnOfEviction(connection.send);
    isFirst = false;
    return connection.send(command, args, key);
  };
  const runner = new Runner(send, { isOrdered: true });
  const wakes = connection.listen && new Wakes(connection.listen, send);
  return (name) => new RedisStorage({ name, runner, wakes });
}
