import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StorageFactory } from "@hq/huey";
import { denoKv, type Kv } from "@hq/huey/deno-kv";
import { redis } from "@hq/huey/redis";
import { sqlite } from "@hq/huey/sqlite";
import { openKv } from "../kv_databases.ts";
import { startRedis } from "../redis_server.ts";
import { ErrorReply, type Reply, RespClient, Status } from "../resp_client.ts";

/** How what is in a storage is kept as a file, and is put into one again. */
export interface Keeper {
  /** What the file is called. */
  file: string;
  /** Lets somebody write, and keeps what they have written in a folder. */
  write(folder: string, use: (storage: StorageFactory) => Promise<void>): Promise<void>;
  /** Lets somebody read what is kept there. */
  read(folder: string, use: (storage: StorageFactory) => Promise<void>): Promise<void>;
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "huey-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sqliteFile: Keeper = {
  file: "huey.sqlite",
  write: (folder, use) =>
    inFolder(async (own) => {
      const path = join(own, "huey.db");
      await use(sqlite(path));
      const database = new DatabaseSync(path);
      // Into one file, without the log beside it.
      database.exec(`PRAGMA journal_mode = DELETE; VACUUM`);
      database.close();
      copyFileSync(path, join(folder, "huey.sqlite"));
    }),
  read: (folder, use) =>
    inFolder(async (own) => {
      const path = join(own, "huey.db");
      copyFileSync(join(folder, "huey.sqlite"), path);
      await use(sqlite(path));
    }),
};

/** What is under a key of Redis: what makes it again. */
type Command = string[];

const redisKeys: Keeper = {
  file: "redis.json",
  write: (folder, use) =>
    withRedis(async (send) => {
      await use(redis({ call: send }));
      const commands: Command[] = [];
      for (const key of (await send("KEYS", "*") as string[]).sort()) {
        const type = await send("TYPE", key);
        if (type === "hash") commands.push(["HSET", key, ...await send("HGETALL", key) as string[]]);
        else if (type === "zset") {
          const members = await send("ZRANGE", key, "0", "-1", "WITHSCORES") as string[];
          commands.push(["ZADD", key, ...swapPairs(members)]);
        } else commands.push(["SET", key, await send("GET", key) as string]);
      }
      // The answers to requests go after a minute.
      writeFileSync(
        join(folder, "redis.json"),
        JSON.stringify(commands.filter(([, key]) => !key.includes(":request:"))),
      );
    }),
  read: (folder, use) =>
    withRedis(async (send) => {
      const commands: Command[] = JSON.parse(readFileSync(join(folder, "redis.json"), "utf8"));
      for (const [command, ...args] of commands) await send(command, ...args);
      await use(redis({ call: send }));
    }),
};

function swapPairs(list: string[]): string[] {
  return list.flatMap((_, i) => i % 2 === 0 ? [list[i + 1], list[i]] : []);
}

async function withRedis(
  use: (send: (command: string, ...args: string[]) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const server = await startRedis();
  const client = new RespClient(server);
  try {
    await use(async (command, ...args) => toValue(await client.send([command, ...args])));
  } finally {
    client.close();
    await server.stop();
  }
}

function toValue(reply: Reply): unknown {
  if (reply instanceof ErrorReply) throw new Error(reply.text);
  if (reply instanceof Status) return reply.text;
  if (Array.isArray(reply)) return reply.map(toValue);
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : reply;
}

const kvEntries: Keeper = {
  file: "kv.json",
  write: async (folder, use) => {
    const kv = await openKv();
    await use(denoKv(kv));
    const entries: [key: string[], value: string][] = [];
    for await (const { key, value } of kv.list({ prefix: [] })) entries.push([key.map(packPart), packPart(value)]);
    writeFileSync(join(folder, "kv.json"), JSON.stringify(entries));
    kv.close();
  },
  read: async (folder, use) => {
    const kv: Kv = await openKv();
    const entries: [key: string[], value: string][] = JSON.parse(readFileSync(join(folder, "kv.json"), "utf8"));
    for (const [packed, value] of entries) {
      const key = packed.map(unpackPart) as string[];
      const unpacked = unpackPart(value);
      const atomic = kv.atomic();
      await (typeof unpacked === "bigint" ? atomic.sum(key, unpacked) : atomic.set(key, unpacked)).commit();
    }
    await use(denoKv(kv));
    kv.close();
  },
};

/** A part of a key, or a value: bytes and sums are marked, all else is JSON. */
function packPart(part: unknown): string {
  const sum = (part as { value?: unknown } | null)?.value;
  if (typeof sum === "bigint") return `n${sum}`;
  return part instanceof Uint8Array ? `b${btoa(String.fromCharCode(...part))}` : `j${JSON.stringify(part)}`;
}

function unpackPart(part: string): unknown {
  if (part[0] === "n") return BigInt(part.slice(1));
  return part[0] === "b"
    ? Uint8Array.from(atob(part.slice(1)), (byte) => byte.charCodeAt(0))
    : JSON.parse(part.slice(1));
}

/** One for each storage that keeps anything. */
export const KEEPERS: { [storage: string]: Keeper } = { sqlite: sqliteFile, redis: redisKeys, "deno-kv": kvEntries };

/** Whether a version has left something of this kind. */
export function isKept(folder: string, { file }: Keeper): boolean {
  return existsSync(join(folder, file));
}
