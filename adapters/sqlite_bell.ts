/** What of `node:fs` is used. */
export interface FileSystem {
  /** Whether there is such a file. */
  existsSync(path: string): boolean;
  /** Calls a function whenever the file is written to; throws if that cannot be. */
  watch(path: string, options: { persistent: boolean }, listener: () => void): Watcher;
}

/** What of a watcher of `node:fs` is used. */
export interface Watcher {
  /** Calls a function when it can watch no more. */
  on(event: "error", listener: () => void): unknown;
  /** Ends it. */
  close(): void;
}

/** How good its word has to become, and how bad it may. */
const TRUST = { most: 8, least: -8 };

/** What it costs to have said nothing, where each time that it has told of a commit counts one. */
const SILENCE = 4;

/**
 * Rings when a file is written to, by whichever process: the operating system tells, which costs nothing while nothing
 * happens. Where it cannot tell (there is no such call, a limit is reached, the file system is none of its own, the
 * program may not read the file) it never rings. So it is asked how far it can be trusted.
 */
export class Bell {
  readonly #path: string;
  readonly #files: FileSystem;
  readonly #rung: () => void;
  #watcher?: Watcher;
  #trust = 1;

  /** Calls a function whenever the file of this path is written to, while it is open. */
  constructor(path: string, files: FileSystem, rung: () => void) {
    this.#path = path;
    this.#files = files;
    this.#rung = rung;
  }

  /** Whether it is worth waiting for. */
  get isTrusted(): boolean {
    return this.#watcher !== undefined && this.#trust > 0;
  }

  /** There was a commit, of which it has told, or has not. */
  judge(hasTold: boolean): void {
    this.#trust = hasTold ? Math.min(this.#trust + 1, TRUST.most) : Math.max(this.#trust - SILENCE, TRUST.least);
  }

  /** Listens from now on. */
  open(): void {
    if (this.#watcher) return;
    try {
      // Under Deno it keeps the process alive, whatever is said here.
      this.#watcher = this.#files.watch(this.#path, { persistent: false }, this.#rung);
      this.#watcher.on("error", () => this.close());
    } catch {
      this.close();
    }
  }

  /** Listens no more. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** One that rings at the commits to a database; nothing if it has no file. */
export async function bellOf(database: string | undefined, rung: () => void): Promise<Bell | undefined> {
  if (!database || !mayRead(database)) return undefined;
  const files: FileSystem | undefined = await import("node:fs").catch(() => undefined);
  if (!files) return undefined;
  const log = `${database}-wal`;
  return new Bell(files.existsSync(log) ? log : database, files, rung);
}

/** Deno would ask the user for what the program was not allowed. What lies beside the database is another file to it. */
function mayRead(database: string): boolean {
  const { Deno } = globalThis as { Deno?: { permissions: { querySync(what: object): { state: string } } } };
  return Deno?.permissions.querySync({ name: "read", path: `${database}-wal` }).state !== "prompt";
}
