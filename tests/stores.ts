/**
 * Every storage there is, each with what it needs around it. A new one joins the behaviour tests by one entry here.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HueyOptions, memory, type Storage } from "@hq/huey";
import { denoKv } from "@hq/huey/deno-kv";
import { redis } from "@hq/huey/redis";
import { sqlite } from "@hq/huey/sqlite";
import { upstash } from "@hq/huey/upstash";
import { Redis } from "ioredis";
import { listen } from "./http_listener.ts";
import { openKv } from "./kv_databases.ts";
import { startRedis } from "./redis_server.ts";
import { UpstashServer } from "./upstash_server.ts";

/** As `new Huey` takes it. */
export type StorageFactory = NonNullable<HueyOptions["storage"]>;

/** A store of a test's own. Each call of `open` gives what one more process would have of it. */
export interface Store {
  open(): StorageFactory;
  remove?(): unknown;
}

/** Makes stores of one kind, each apart from the others. */
export interface StoreKind {
  /** Whether its operations take real time, so that a test's clock has to wait for them. */
  isRemote?: boolean;
  /** A store that nobody has used. */
  create(): Store;
}

/** One for all kinds, and, where a process runs several files of tests, for all of these: it ends with the process. */
const server = await startRedis();

/** How each kind is started. */
export const KINDS: Record<string, () => StoreKind | Promise<StoreKind>> = {
  memory: () => ({
    create: () => {
      const factory = memory();
      return { open: () => factory };
    },
  }),

  sqlite: () => ({
    create: () => {
      const folder = mkdtempSync(join(tmpdir(), "huey-"));
      return {
        open: () => sqlite(join(folder, "huey.db")),
        remove: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  }),

  "deno-kv": async () => {
    const kv = await openKv(":memory:");
    return {
      isRemote: true,
      create: () => {
        const own = crypto.randomUUID();
        return { open: () => named(own, denoKv(kv)) };
      },
    };
  },

  redis: () => ({
    isRemote: true,
    create: () => {
      const client = new Redis({ port: server.port });
      const own = crypto.randomUUID();
      return { open: () => named(own, redis(client)), remove: () => client.disconnect() };
    },
  }),

  upstash: async () => {
    const token = crypto.randomUUID();
    const listener = await listen(new UpstashServer({ redis: server, token }).fetch);
    listener.unref();
    return {
      isRemote: true,
      create: () => {
        const own = crypto.randomUUID();
        return { open: () => named(own, upstash({ url: listener.url, token })) };
      },
    };
  },
};

/** One server has the stores of many tests, each under a name of its own. */
function named(own: string, factory: StorageFactory): StorageFactory {
  return (name): Storage => factory(`${name}-${own}`.slice(0, 64));
}
