import type { Space } from "../src/storage.ts";
import type { Send } from "./redis_runner.ts";

/** A second connection, which listens. */
export interface Listener {
  /** Resolves when the channel is listened to. Again for the same channel is fine. */
  subscribe(channel: string): Promise<unknown>;
  /** Lets go of the connection. */
  close(): unknown;
}

/** What a {@linkcode Listener} tells. */
export interface ListenerEvents {
  /** A message has come. */
  message(channel: string, message: string): void;
  /** The connection is there, or is there again: what was said meanwhile is lost. */
  up(): void;
  /** The connection is gone, and will not come back by itself. */
  down(): void;
}

/** Opens a second connection. */
export type Listen = (events: ListenerEvents) => Promise<Listener>;

/** How long, in milliseconds, it is remembered that a key was written: somebody may have looked just before. */
const RECENTLY = 1_000;

/** How long, in milliseconds, who cannot listen sleeps before he looks: at first, and at the longest. */
const BLIND_SLEEP = { first: 100, longest: 10_000 };

/** Wakes the storages of one client: opens the second connection when first somebody waits, and closes it with the last. */
export class Wakes {
  readonly #listen: Listen;
  readonly #send: Send;
  readonly #open = new Map<string, Set<Waiting>>();
  readonly #channels = new Map<string, Promise<void>>();
  #listener?: Promise<Listener>;
  #blindSleep = BLIND_SLEEP.first;
  #timer?: ReturnType<typeof setTimeout>;

  /** Nothing is opened yet. `send` sends over the first connection. */
  constructor(listen: Listen, send: Send) {
    this.#listen = listen;
    this.#send = send;
  }

  /** A storage begins to use it. `prefix` is what the channels of its name begin with. */
  open(prefix: string): Waiting {
    const waiting: Waiting = new Waiting({
      listen: (channel) => this.#subscribe(prefix + channel),
      has: async (hash, key) => Number(await this.#send("HEXISTS", [hash, key], hash)) === 1,
      closed: () => this.#leave(prefix, waiting),
    });
    const group = this.#open.get(prefix) ?? new Set();
    this.#open.set(prefix, group.add(waiting));
    return waiting;
  }

  async #leave(prefix: string, waiting: Waiting): Promise<void> {
    const group = this.#open.get(prefix);
    group?.delete(waiting);
    if (group?.size === 0) this.#open.delete(prefix);
    if (this.#open.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const listener = this.#listener;
    this.#listener = undefined;
    this.#channels.clear();
    await listener?.then((open) => open.close()).catch(() => {});
  }

  /** Never rejects: who cannot listen is woken after a while, to look for himself. */
  #subscribe(channel: string): void {
    if (this.#channels.has(channel)) return;
    const subscribed = this.#subscribeOnce(channel).then(() => {
      if (this.#channels.get(channel) !== subscribed) return; // closed meanwhile
      this.#blindSleep = BLIND_SLEEP.first;
      this.#announce(channel);
    }, () => {
      if (this.#channels.get(channel) === subscribed) this.#channels.delete(channel);
      // Closed meanwhile, or everybody will be woken already: one connection may fail for many channels.
      if (this.#open.size === 0 || this.#timer !== undefined) return;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        for (const waiting of this.#all()) waiting.wakeAll();
      }, this.#blindSleep);
      this.#blindSleep = Math.min(2 * this.#blindSleep, BLIND_SLEEP.longest);
    });
    this.#channels.set(channel, subscribed);
  }

  async #subscribeOnce(channel: string): Promise<void> {
    const opening = this.#listener ??= this.#openListener();
    try {
      await (await opening).subscribe(channel);
    } catch (error) {
      // What could not be opened or does not listen is opened anew the next time, also for those who did listen by it.
      this.#drop(opening);
      await opening.then((listener) => listener.close()).catch(() => {});
      throw error;
    }
  }

  #openListener(): Promise<Listener> {
    const opening: Promise<Listener> = this.#listen({
      message: (channel, message) => this.#deliver(channel, message),
      up: () => void this.#resubscribe(),
      down: () => {
        if (!this.#drop(opening)) return;
        for (const waiting of this.#all()) waiting.wakeAll();
      },
    });
    return opening;
  }

  /** Nobody listens by it any more; tells whether somebody might have. */
  #drop(opening: Promise<Listener>): boolean {
    if (this.#listener !== opening) return false;
    this.#listener = undefined;
    this.#channels.clear();
    return true;
  }

  async #resubscribe(): Promise<void> {
    const listener = await this.#listener?.catch(() => undefined);
    for (const channel of [...this.#channels.keys()]) {
      try {
        await this.#channels.get(channel);
        await listener?.subscribe(channel);
        this.#announce(channel);
      } catch {
        return; // the connection is gone again, and will tell when it is back
      }
    }
  }

  /** Somebody may have waited since before the channel was listened to. */
  #announce(channel: string): void {
    const at = channel.lastIndexOf(":") + 1;
    for (const waiting of this.#open.get(channel.slice(0, at)) ?? []) {
      if (channel.slice(at) === "work") waiting.onWork("");
      else waiting.lookForKeys();
    }
  }

  #deliver(channel: string, message: string): void {
    const at = channel.lastIndexOf(":") + 1;
    for (const waiting of this.#open.get(channel.slice(0, at)) ?? []) {
      if (channel.slice(at) === "work") waiting.onWork(message);
      else waiting.onKeys(JSON.parse(message));
    }
  }

  #all(): Waiting[] {
    return [...this.#open.values()].flatMap((group) => [...group]);
  }
}

interface WaitingOptions {
  listen: (channel: string) => void;
  has: (hash: string, key: string) => Promise<boolean>;
  closed: () => Promise<void>;
}

interface Sleeper {
  topic: string;
  hash: string;
  key: string;
  wake: () => void;
}

/** A look at the queue that is under way. */
export interface Look {
  /** What it saw: when time alone will make a message ready. Absent: there may be messages left. */
  saw(next?: number): void;
}

/** Those who wait in one storage. */
export class Waiting {
  readonly #options: WaitingOptions;
  readonly #sleepers = new Set<Sleeper>();
  readonly #recent = new Map<string, number>();
  /** What is known since the last look began: whether something became ready, and when time alone makes something ready. */
  #news = { ready: true, next: Infinity };
  #next = Infinity;
  #isClosed = false;

  /** Made by {@linkcode Wakes}. */
  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** To be called before a request that claims is sent: what is announced from then on may be more than it saw. */
  look(): Look {
    this.#news = { ready: false, next: Infinity };
    return {
      saw: (next) => {
        if (next === undefined) this.onWork("");
        else this.#next = next;
      },
    };
  }

  /** Resolves when there may be work. */
  async forWork(signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted || this.#isStirred()) return;
    const woken = this.#sleep({ topic: "work", hash: "", key: "" }, signal);
    this.#options.listen("work");
    await woken;
  }

  /** Resolves when the key may be there. */
  async forKey(space: Space, key: string, hash: string, signal: AbortSignal): Promise<void> {
    const topic = `${space} ${key}`;
    this.#forget();
    if (this.#isClosed || signal.aborted || this.#recent.has(topic)) return;
    const woken = this.#sleep({ topic, hash, key }, signal);
    this.#options.listen("keys");
    await woken;
  }

  /** A message has become ready, or, where an instant is given, will be then. */
  onWork(instant: string): void {
    if (instant === "") this.#news.ready = true;
    else this.#news.next = Math.min(this.#news.next, Number(instant));
    if (this.#isStirred()) this.#wake((sleeper) => sleeper.topic === "work");
  }

  /** Keys have been written, by space. */
  onKeys(keys: Record<string, string[]>): void {
    this.#forget();
    const now = performance.now();
    const written = new Set<string>();
    for (const space of Object.keys(keys)) for (const key of keys[space]) written.add(`${space} ${key}`);
    for (const topic of written) {
      this.#recent.delete(topic);
      this.#recent.set(topic, now);
    }
    this.#wake((sleeper) => written.has(sleeper.topic));
  }

  /** Wakes those whose keys are there. */
  lookForKeys(): void {
    for (const sleeper of this.#sleepers) {
      if (sleeper.topic === "work") continue;
      this.#options.has(sleeper.hash, sleeper.key).then((isThere) => isThere && sleeper.wake(), sleeper.wake);
    }
  }

  /** Wakes everybody. */
  wakeAll(): void {
    this.#wake(() => true);
  }

  /** Wakes everybody, for good. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.wakeAll();
    await this.#options.closed();
  }

  /** Also when the next instant has become sooner: who sleeps until the one that he was told would be late. */
  #isStirred(): boolean {
    return this.#news.ready || this.#news.next < this.#next;
  }

  #sleep(who: Omit<Sleeper, "wake">, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { ...who, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #wake(whom: (sleeper: Sleeper) => boolean): void {
    for (const sleeper of [...this.#sleepers]) if (whom(sleeper)) sleeper.wake();
  }

  #forget(): void {
    const before = performance.now() - RECENTLY;
    for (const [topic, at] of this.#recent) {
      if (at > before) break;
      this.#recent.delete(topic);
    }
  }
}
