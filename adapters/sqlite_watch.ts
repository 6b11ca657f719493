import { type Bell, bellOf } from "./sqlite_bell.ts";
import type { Connection } from "./sqlite_connection.ts";

/** How often another connection's commits are looked for, in milliseconds: while there were some lately, and otherwise. */
const POLL = { busy: 5, quiet: 10 };

/** Where the operating system tells of them: as long as that, at most, in case that it does not. */
const LONGEST_POLL = 100;

/** The operating system tells that a commit is being written, which may be a moment too soon to see it. */
const ECHOES = [1, 2, 4, 8];

/** How long a commit of another connection counts as lately, in milliseconds. */
const LATELY = 1_000;

/** How long the operating system is listened to after the last one has been woken, in milliseconds: another may follow. */
const LINGER = 50;

/** Of the time at most one part in so many goes into asking who can be woken, however many there are. */
const SHARE = 5;

/** What is told of a commit may come so much later than it is found, in milliseconds, as when the program was busy. */
const GRACE = 20;

type Timer = ReturnType<typeof setTimeout>;

interface Sleeper {
  topic: string;
  ready: () => boolean;
  wake: () => void;
}

/**
 * Those who wait for something in a database. Commits of their own connection are announced to them; those of others,
 * also of other processes, show in SQLite's counter of foreign commits. That is looked at, which costs microseconds,
 * when the operating system tells that the file was written to, and now and then; both only while somebody waits.
 */
export class Watch {
  readonly #database: Connection;
  readonly #bellOf: typeof bellOf;
  readonly #sleepers = new Set<Sleeper>();
  #bell?: Bell | null;
  /** How often the bell has rung. */
  #rings = 0;
  #version?: number;
  #pause = 0;
  #busyUntil = 0;
  /** Before that instant nobody is asked. */
  #askFrom = 0;
  #poll?: Timer;
  #echo?: Timer;
  #ask?: Timer;
  #linger?: Timer;
  #isClosed = false;

  /** `ring` makes the bell. */
  constructor(database: Connection, ring: typeof bellOf = bellOf) {
    this.#database = database;
    this.#bellOf = ring;
    database.listeners.add(this.#announced);
  }

  /** Resolves when `ready` says so, which is asked at once and when the topic is touched, or when `signal` is aborted. */
  async sleep(topic: string, ready: () => boolean, signal: AbortSignal): Promise<void> {
    if (this.#bell === undefined) this.#bell = await this.#bellOf(this.#database.file(), this.#rung) ?? null;
    if (signal.aborted || this.#isClosed) return;
    // Before the first question, so that no commit can come between the two.
    this.#bell?.open();
    // A commit from before now must not hide behind the newer version that the timer would compare with.
    this.#look();
    if (isReady(ready)) return this.#restIfAlone();
    await new Promise<void>((resolve) => {
      const sleeper: Sleeper = {
        topic,
        ready,
        wake: () => {
          this.#sleepers.delete(sleeper);
          this.#database.sleepers--;
          signal.removeEventListener("abort", sleeper.wake);
          this.#restIfAlone();
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      this.#database.sleepers++;
      signal.addEventListener("abort", sleeper.wake, { once: true });
      if (this.#sleepers.size === 1) this.#begin();
    });
  }

  /** Wakes everybody and listens no more. */
  close(): void {
    this.#isClosed = true;
    this.#database.listeners.delete(this.#announced);
    this.#sleepers.forEach(({ wake }) => wake());
    clearTimeout(this.#linger);
    this.#bell?.close();
  }

  #announced = (topics: ReadonlySet<string>): void => {
    for (const { topic, ready, wake } of this.#sleepers) if (topics.has(topic) && isReady(ready)) wake();
  };

  #begin(): void {
    clearTimeout(this.#linger);
    this.#pause = POLL.busy;
    this.#pollLater();
  }

  #restIfAlone(): void {
    if (this.#sleepers.size > 0) return;
    for (const timer of [this.#poll, this.#echo, this.#ask, this.#linger]) clearTimeout(timer);
    this.#echo = this.#ask = undefined;
    if (this.#bell) this.#linger = setTimeout(() => this.#bell?.close(), LINGER);
  }

  #pollLater(): void {
    this.#poll = setTimeout(() => {
      const rings = this.#rings;
      // It may be about to ring.
      if (this.#look()) setTimeout(() => this.#rings === rings && this.#bell?.judge(false), GRACE);
      this.#pause = this.#bell?.isTrusted
        ? Math.min(2 * this.#pause, LONGEST_POLL)
        : performance.now() < this.#busyUntil
        ? POLL.busy
        : POLL.quiet;
      if (this.#sleepers.size > 0) this.#pollLater();
    }, this.#pause);
  }

  /** The file was written to, by somebody, perhaps by us. */
  #rung = (): void => {
    this.#rings++;
    if (this.#sleepers.size === 0) return;
    if (this.#look()) this.#bell?.judge(true);
    else if (this.#echo === undefined) this.#echoAfter(0);
  };

  #echoAfter(i: number): void {
    this.#echo = setTimeout(() => {
      this.#echo = undefined;
      if (this.#look()) this.#bell?.judge(true);
      else if (i + 1 < ECHOES.length) this.#echoAfter(i + 1);
    }, ECHOES[i]);
  }

  /** Whether another connection has committed since the last look; then those are woken who are ready. */
  #look(): boolean {
    const version = this.#foreignCommits();
    if (version === this.#version) return false;
    this.#version = version;
    this.#busyUntil = performance.now() + LATELY;
    this.#askAll();
    return true;
  }

  #askAll(): void {
    if (this.#ask !== undefined || this.#sleepers.size === 0) return;
    const began = performance.now();
    if (began < this.#askFrom) {
      this.#ask = setTimeout(() => {
        this.#ask = undefined;
        this.#askAll();
      }, this.#askFrom - began);
      return;
    }
    for (const { ready, wake } of this.#sleepers) if (isReady(ready)) wake();
    const ended = performance.now();
    this.#askFrom = ended + (ended - began) * (SHARE - 1);
  }

  #foreignCommits(): number | undefined {
    try {
      return this.#database.get<{ data_version: number }>("PRAGMA data_version")!.data_version;
    } catch {
      return undefined;
    }
  }
}

/** Who cannot look wakes up: the operation that follows tells what is wrong, and a wait never rejects. */
function isReady(ready: () => boolean): boolean {
  try {
    return ready();
  } catch {
    return true;
  }
}
