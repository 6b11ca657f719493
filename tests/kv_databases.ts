import process from "node:process";
import { denoKv, type Kv } from "../adapters/deno_kv.ts";
import type { StorageFactory } from "./stores.ts";

/**
 * A database of Deno, and elsewhere of `@deno/kv`: in a file; in memory for `:memory:`; or in memory, and with a hundred
 * checks a commit everywhere, for no path.
 */
export async function openKv(path?: string): Promise<Kv> {
  if (process.versions.deno) return await Deno.openKv(path ?? ":memory:");
  const npm = await import("@deno/kv");
  // Bun serialises values otherwise than V8. Nothing but bytes is stored, so nothing is serialised.
  const fail = (): never => {
    throw new Error("A value was stored that is not bytes");
  };
  return await npm.openKv(path, process.versions.bun ? { encodeV8: fail, decodeV8: fail } : {});
}

/** A factory with a connection of its own, which is closed with its only storage. */
export async function connect(path: string): Promise<StorageFactory> {
  if (process.versions.deno) return denoKv(path);
  const kv = await openKv(path);
  return (name) => {
    const storage = denoKv(kv)(name);
    const close = storage.close!.bind(storage);
    let closed = false;
    storage.close = async () => {
      await close();
      if (!closed) kv.close();
      closed = true;
    };
    return storage;
  };
}

/** All keys of a database, without the two parts that all of them have, but for the bell, counts and answers to requests. */
export async function keysOf(kv: Kv): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of kv.list({ prefix: ["huey"] })) keys.push(key.slice(2).join(" "));
  return keys.filter((key) => key !== "bell" && key !== "rare" && !/^[an] /.test(key));
}
