import { ConfigurationError, HueyError } from "../src/errors.ts";
import {
  isBusy,
  mayPass,
  resultCode,
  type SqliteDatabase,
  type SqliteStatement,
  type SqliteValue,
} from "./sqlite_database.ts";
import { upgrade } from "./sqlite_schema.ts";

/** How long SQLite itself waits for a lock, in milliseconds. It blocks the event loop meanwhile, so not for long. */
const BUSY_TIMEOUT = 10;

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 50;

/** How long an operation goes on trying to get a lock, in milliseconds. */
const PATIENCE = 60_000;

/** One connection to a database, for all storages of one factory: opened when it is first used, closed by the last one. */
export class Connection {
  /** Told after each commit of this connection which topics it may have touched. */
  readonly listeners: Set<(topics: ReadonlySet<string>) => void> = new Set();
  /** How many wait to be told. */
  sleepers = 0;
  readonly #source: string | SqliteDatabase;
  readonly #synchronous: string;
  #database?: SqliteDatabase;
  #opening?: Promise<void>;
  #statements = new Map<string, SqliteStatement>();
  #topics = new Set<string>();
  #users = 0;

  constructor(source: string | SqliteDatabase, synchronous: string) {
    this.#source = source;
    this.#synchronous = synchronous;
  }

  /** Somebody begins to use it. */
  enter(): void {
    this.#users++;
  }

  /** Somebody has stopped using it. A database that was given stays open. */
  leave(): void {
    if (--this.#users > 0) return;
    if (typeof this.#source === "string") this.#database?.close();
    this.#database = undefined;
    this.#statements.clear();
  }

  /** Runs reads that belong together, on one snapshot. */
  read<T>(operation: () => T): Promise<T> {
    return this.#patiently(() => this.#transact("BEGIN", operation));
  }

  /** Runs one statement that only reads. */
  look<T>(operation: () => T): Promise<T> {
    return this.#patiently(operation);
  }

  /** Runs an operation in a transaction that writes. It is run anew if the lock is lost, so it must be repeatable. */
  write<T>(operation: () => T): Promise<T> {
    return this.#patiently(() => {
      // Taken at the beginning, since a reader that becomes a writer fails if somebody else has written meanwhile.
      const result = this.#transact("BEGIN IMMEDIATE", operation);
      const topics = this.#topics;
      if (topics.size > 0) {
        this.#topics = new Set();
        this.listeners.forEach((listener) => listener(topics));
      }
      return result;
    });
  }

  /** Opens the database, if it is not open. */
  async open(): Promise<void> {
    await this.#patiently(() => {});
  }

  /** The transaction touches this topic. Nobody need be told of it while nobody waits. */
  touch(topic: () => string): void {
    if (this.sleepers > 0) this.#topics.add(topic());
  }

  /** The path of the file; `undefined` if there is none, or it cannot be known. */
  file(): string | undefined {
    try {
      return this.all<{ name: string; file: string }>("PRAGMA database_list").find(({ name }) => name === "main")?.file;
    } catch {
      return undefined;
    }
  }

  /** The first row. */
  get<T>(sql: string, ...parameters: SqliteValue[]): T | undefined {
    return (this.#prepare(sql).get(...parameters) ?? undefined) as T | undefined;
  }

  /** All rows. */
  all<T>(sql: string, ...parameters: SqliteValue[]): T[] {
    return this.#prepare(sql).all(...parameters) as T[];
  }

  /** How many rows a statement has changed. */
  run(sql: string, ...parameters: SqliteValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  #prepare(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.#database!.prepare(sql));
    return statement;
  }

  #transact<T>(begin: string, operation: () => T): T {
    this.run(begin);
    try {
      const result = operation();
      this.run("COMMIT");
      return result;
    } catch (error) {
      this.#topics.clear();
      try {
        this.run("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      throw error;
    }
  }

  /** Tries until no lock is in the way. Between attempts the event loop is free. */
  async #patiently<T>(attempt: () => T): Promise<T> {
    const patience = performance.now() + PATIENCE;
    for (let pause = 1;; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        if (!this.#database) await this.#open();
        return attempt();
      } catch (error) {
        if (!isBusy(error)) throw this.#describe(error);
        if (performance.now() > patience) {
          throw new HueyError(
            `Cannot get a lock on the database ${this.#name()}: it was busy for ${PATIENCE / 1_000} seconds; ` +
              `look for a process that keeps a transaction open`,
            { cause: error },
          );
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  }

  #open(): Promise<void> {
    return this.#opening ??= this.#connect().finally(() => this.#opening = undefined);
  }

  async #connect(): Promise<void> {
    const database = typeof this.#source === "string" ? await open(this.#source, this.#synchronous) : this.#source;
    if (typeof this.#source !== "string") upgrade(database);
    if (this.#users > 0) this.#database = database;
    else {
      if (typeof this.#source === "string") database.close();
      throw new HueyError("Cannot use a storage that is closed");
    }
  }

  /** An error of the driver without what it may say besides its kind. */
  #describe(error: unknown): unknown {
    const code = error instanceof HueyError ? undefined : resultCode(error);
    if (code === undefined) return error;
    const { message } = error as Error;
    return new HueyError(`Cannot use the database ${this.#name()}: ${message} (SQLite result code ${code})`);
  }

  #name(): string {
    return typeof this.#source === "string" ? JSON.stringify(this.#source) : "that was given";
  }
}

/** Opens the database of a path and brings it to its newest version. A lock that is in the way is thrown as it is. */
async function open(path: string, synchronous: string): Promise<SqliteDatabase> {
  const { DatabaseSync } = await import("node:sqlite").catch((cause) => {
    throw new ConfigurationError(
      "Cannot load node:sqlite: this runtime does not have it; use Deno, Bun 1.4 or Node 22 (or newer ones), " +
        "or give sqlite() an open database instead of a path",
      { cause },
    );
  });
  let database: SqliteDatabase | undefined;
  try {
    database = new DatabaseSync(path) as SqliteDatabase;
    for (const pragma of [`busy_timeout = ${BUSY_TIMEOUT}`, "journal_mode = WAL", `synchronous = ${synchronous}`]) {
      database.prepare(`PRAGMA ${pragma}`).all();
    }
    upgrade(database);
    return database;
  } catch (error) {
    database?.close();
    if (mayPass(error)) throw error;
    throw new ConfigurationError(
      `Cannot open the database: current path is ${JSON.stringify(path)} (${(error as Error).message}); ` +
        `give the path of a file that is a database of this library, or of one that can be made`,
      { cause: error },
    );
  }
}
