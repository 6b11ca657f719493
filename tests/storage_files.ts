import { sqlite } from "../adapters/sqlite.ts";
import type { Storage } from "../src/storage.ts";
import { connect } from "./kv_databases.ts";

/** The storages that keep a queue in a file, which any number of processes may use. */
export const FILE_KINDS = ["sqlite", "deno-kv"];

/** Opens the file of a queue, as one process would. */
export async function openFile(kind: string, path: string): Promise<Storage> {
  const factory = kind === "sqlite" ? sqlite(path) : await connect(path);
  return factory("shared");
}
