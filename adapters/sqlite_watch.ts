import type { Connection } from "./sqlite_connection.ts";

/** How often another process's commits are looked for, in milliseconds: while there were some lately, and otherwise. */
const POLL = { busy: 5, quiet: 10 };

/** How long a commit of another process counts as lately, in milliseconds. */
const LATELY = 1_000;

interface Sleeper {
  topic: string;
  ready: () => boolean;
  wake: () => void;
}

/**
 * Those who wait for something in a database. Commits of their own connection are announced to them; those of others,
 * also of other processes, show in SQLite's counter of foreign commits. That is looked at, which costs microseconds,
 * only while somebody waits.
 */
export class Watch {
  readonly #database: Connection;
  readonly #sleepers = new Set<Sleeper>();
  #timer?: ReturnType<typeof setTimeout>;
  #version?: number;
  #busyUntil = 0;

  constructor(database: Connection) {
    this.#database = database;
    database.listeners.add(this.#announced);
  }

  /** Resolves when `ready` says so, which is asked at once and when the topic is touched, or when `signal` is aborted. */
  sleep(topic: string, ready: () => boolean, signal: AbortSignal): Promise<void> {
    // A commit from before now must not hide behind the newer version that the timer would compare with.
    this.#poll();
    if (signal.aborted || this.#ask(ready)) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        topic,
        ready,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal.removeEventListener("abort", sleeper.wake);
          if (this.#sleepers.size === 0) clearTimeout(this.#timer);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", sleeper.wake, { once: true });
      if (this.#sleepers.size === 1) this.#arm();
    });
  }

  /** Wakes everybody and listens no more. */
  close(): void {
    this.#database.listeners.delete(this.#announced);
    this.#sleepers.forEach(({ wake }) => wake());
  }

  #announced = (topics: ReadonlySet<string>): void => {
    for (const { topic, ready, wake } of this.#sleepers) {
      if (topics.has(topic) && this.#ask(ready)) wake();
    }
  };

  #arm(): void {
    const pause = performance.now() < this.#busyUntil ? POLL.busy : POLL.quiet;
    this.#timer = setTimeout(() => {
      this.#poll();
      if (this.#sleepers.size > 0) this.#arm();
    }, pause);
  }

  #poll(): void {
    const version = this.#foreignCommits();
    if (version === this.#version) return;
    this.#version = version;
    this.#busyUntil = performance.now() + LATELY;
    for (const { ready, wake } of this.#sleepers) if (this.#ask(ready)) wake();
  }

  #foreignCommits(): number | undefined {
    try {
      return this.#database.get<{ data_version: number }>("PRAGMA data_version")!.data_version;
    } catch {
      return undefined;
    }
  }

  /** Who cannot look wakes up: the operation that follows tells what is wrong, and a wait never rejects. */
  #ask(ready: () => boolean): boolean {
    try {
      return ready();
    } catch {
      return true;
    }
  }
}
