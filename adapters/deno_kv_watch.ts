import type { Change, Connection } from "./deno_kv_connection.ts";
import { BELL } from "./deno_kv_transaction.ts";

/** How soon, in milliseconds, a file is looked at again by who has just begun to wait. */
const SOON = 4;

interface Sleeper {
  /** Whether a commit that was made here is what is waited for. */
  concerns: (change: Change) => boolean;
  /** Whether there is what is waited for. */
  ready: () => Promise<boolean>;
  wake: () => void;
}

/**
 * Those who wait for something in a database. Commits of their own process are announced to them. Others show in the
 * bell, which every commit rings: it is watched, where that works, and looked at now and then, both only while somebody
 * waits. A local file needs the latter, since Deno announces its changes to the process that makes them alone.
 */
export class Watch {
  readonly #connection: Connection;
  readonly #queue: string;
  readonly #interval: number;
  readonly #sleepers = new Set<Sleeper>();
  #bell?: string | null;
  #stop: () => void = () => {};

  /** Looks at the bell of a name at this interval, in milliseconds. */
  constructor(connection: Connection, queue: string, interval: number) {
    this.#connection = connection;
    this.#queue = queue;
    this.#interval = interval;
    connection.listeners.add(this.#announced);
  }

  /** Resolves when `ready` says so, which is asked at once and when there is a change, or when `signal` is aborted. */
  async sleep({ concerns, ready }: Omit<Sleeper, "wake">, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let wake = (): void => {};
    const woken = new Promise<void>((resolve) => wake = resolve);
    const sleeper: Sleeper = { concerns, ready, wake };
    // Before the first question, so that no change can come between the two.
    this.#sleepers.add(sleeper);
    signal.addEventListener("abort", wake, { once: true });
    if (this.#sleepers.size === 1) this.#start();
    void this.#ask(sleeper);
    await woken;
    signal.removeEventListener("abort", wake);
    this.#sleepers.delete(sleeper);
    if (this.#sleepers.size === 0) this.#stop();
  }

  /** Wakes everybody and listens no more. */
  close(): void {
    this.#connection.listeners.delete(this.#announced);
    this.#sleepers.forEach(({ wake }) => wake());
  }

  #announced = (change: Change): void => {
    if (change.queue !== this.#queue) return;
    for (const { concerns, wake } of this.#sleepers) if (concerns(change)) wake();
  };

  #start(): void {
    const stopped = new AbortController();
    this.#stop = () => stopped.abort();
    void this.#poll(stopped.signal);
    if (this.#connection.tells) void this.#follow(stopped.signal);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    // Of a file there are soon many looks and then ever fewer, as what is waited for mostly comes soon; from afar each costs.
    let pause = this.#connection.tells ? this.#interval : Math.min(SOON, this.#interval);
    while (!signal.aborted) {
      await this.#look();
      await new Promise<void>((resolve) => {
        const id = setTimeout(done, pause);
        signal.addEventListener("abort", done, { once: true });
        function done(): void {
          clearTimeout(id);
          signal.removeEventListener("abort", done);
          resolve();
        }
      });
      pause = Math.min(2 * pause, this.#interval);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      const reader = await this.#connection.watch(["huey", this.#queue, ...BELL]);
      const cancel = (): void => void reader.cancel().catch(() => {});
      if (signal.aborted) return cancel();
      signal.addEventListener("abort", cancel, { once: true });
      while (!(await reader.read()).done) await this.#look();
    } catch {
      // Whoever cannot watch still looks now and then.
    }
  }

  async #look(): Promise<void> {
    let bell: string | null | undefined;
    try {
      [{ versionstamp: bell }] = await this.#connection.get([["huey", this.#queue, ...BELL]]);
    } catch {
      // Who cannot look wakes up: the operation that follows tells what is wrong, and a wait never rejects.
    }
    if (bell === this.#bell && bell !== undefined) return;
    this.#bell = bell;
    for (const sleeper of [...this.#sleepers]) void this.#ask(sleeper);
  }

  async #ask({ ready, wake }: Sleeper): Promise<void> {
    if (await ready().catch(() => true)) wake();
  }
}
