/** What can be bound to a parameter. */
export type SqliteValue = string | number | null;

/** The part of a prepared statement that is used, shared by `node:sqlite`, `bun:sqlite` and `better-sqlite3`. */
export interface SqliteStatement {
  /** Runs a statement that gives no rows. */
  run(...parameters: SqliteValue[]): { changes: number | bigint };
  /** The first row; what there is instead of none differs between the drivers. */
  get(...parameters: SqliteValue[]): unknown;
  /** All rows. */
  all(...parameters: SqliteValue[]): unknown[];
}

/**
 * The part of an open database that is used: the subset that `DatabaseSync` of `node:sqlite`, `Database` of
 * `bun:sqlite` and `better-sqlite3` have in common. Described here, so that none of them is a dependency. There is no
 * `exec`: under Deno its errors do not tell their result code, by which a lock is known from a fault.
 */
export interface SqliteDatabase {
  /** Compiles a statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes the database. */
  close(): unknown;
}

/** SQLite's result codes that say that somebody else holds a lock. */
const BUSY: readonly number[] = [5, 6];

/** SQLite's primary result code of an error that a driver has thrown; of any other error `undefined`. */
export function resultCode(error: unknown): number | undefined {
  const { errcode, errno, code } = error as { errcode?: unknown; errno?: unknown; code?: unknown };
  // node:sqlite has `errcode`, bun:sqlite `errno`, both extended (the primary code is the low byte).
  for (const number of [errcode, errno]) {
    if (typeof number === "number" && number > 0) return number & 0xff;
  }
  // better-sqlite3 has only the name.
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return undefined;
  return /^SQLITE_(BUSY|LOCKED)/.test(code) ? BUSY[0] : 1;
}

/** Those that say that the disk is in trouble, which it need not be for ever: it is full, say. */
const TROUBLE: readonly number[] = [10, 13];

/** Whether an error says nothing against the database itself, so that it may be opened another time. */
export function mayPass(error: unknown): boolean {
  return isBusy(error) || TROUBLE.includes(resultCode(error) ?? 0);
}

/** Whether an error means that another connection holds a lock, so that trying again may help. */
export function isBusy(error: unknown): boolean {
  return BUSY.includes(resultCode(error) ?? 0);
}
