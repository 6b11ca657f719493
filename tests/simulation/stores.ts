import { DatabaseSync } from "node:sqlite";
import { memory, type Storage } from "@hq/huey";
import { redis } from "@hq/huey/redis";
import { sqlite, type SqliteDatabase } from "@hq/huey/sqlite";
import { startRedis } from "../redis_server.ts";
import { ErrorReply, type Reply, RespClient, Status } from "../resp_client.ts";

/** A kind of storage, as a simulation has it. */
export interface Store {
  /** Whether it has a clock of its own, as a server has. */
  serverClock: boolean;
  /** A storage that nobody has used. */
  open(): Promise<Storage>;
  close(): Promise<void>;
}

/** The kinds, by their names. */
export const STORES: { [name: string]: () => Promise<Store> } = {
  memory: () =>
    Promise.resolve({
      serverClock: false,
      open: () => Promise.resolve(memory()("simulated")),
      close: () => Promise.resolve(),
    }),

  /** One connection for all, as all of them use it one after the other. */
  sqlite: () => {
    let database: DatabaseSync | undefined;
    return Promise.resolve({
      serverClock: false,
      open: () => {
        database?.close();
        database = new DatabaseSync(":memory:");
        return Promise.resolve(withoutWaking(sqlite(database as SqliteDatabase)("simulated")));
      },
      close: () => Promise.resolve(database?.close()),
    });
  },

  /** One connection for all; it cannot be duplicated, so nobody is woken by what comes in its own time. */
  redis: async () => {
    const server = await startRedis();
    const client = new RespClient(server);
    const call = async (command: string, ...args: string[]): Promise<unknown> =>
      toValue(await client.send([command, ...args]));
    return {
      serverClock: true,
      open: async () => {
        await call("FLUSHALL");
        return redis({ call })("simulated");
      },
      close: async () => {
        client.close();
        await server.stop();
      },
    };
  },
};

/** SQLite looks by a timer for what other processes have written, and no timer is part of a simulation. */
function withoutWaking(storage: Storage): Storage {
  return new Proxy(storage, {
    get: (target, key) => {
      if (key === "waitForWork" || key === "waitForKey") return undefined;
      const member = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function toValue(reply: Reply): unknown {
  if (reply instanceof ErrorReply) throw new Error(reply.text);
  if (reply instanceof Status) return reply.text;
  if (Array.isArray(reply)) return reply.map(toValue);
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : reply;
}
