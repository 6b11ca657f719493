/**
 * Meter: sees every request to the storage, so that a drain that may send only so many can stop before they run out.
 *
 * @module
 */
import { HueyError } from "./errors.ts";
import type { Storage } from "./storage.ts";

/** Thrown by what would send a request while a drain has just enough left to bring back what is in its hands. */
export class RequestsUsedUp extends HueyError {
  /** The class's name; survives minification. */
  override name = "RequestsUsedUp";

  /** It always says the same. */
  constructor() {
    super("Cannot send a request: the drain that this task is part of has used up its 'maxRequests'");
  }
}

/** Sees every request of one instance. */
export class Meter {
  readonly #watchers = new Set<() => void>();
  /** Up to how many requests, counted since the instance was made, those drains may go that are at their end. */
  readonly #limits = new Set<number>();
  #underWay = 0;

  /** Whether a drain is at the end of its requests. */
  get isClosed(): boolean {
    return this.#limits.size > 0;
  }

  /** How many requests have not been answered. Each may still turn out to be two. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Calls a function before and after each request; gives the function that ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Until the function that it gives is called, refuses requests that can wait, and all of them when so many were sent,
   * counted since the instance was made.
   */
  close(limit: number): () => void {
    this.#limits.add(limit);
    return () => this.#limits.delete(limit);
  }

  /** The same storage, seen by the meter. */
  through(storage: Storage): Storage {
    return new Proxy(storage, {
      get: (target, key) => {
        const member = Reflect.get(target, key, target);
        return typeof member === "function" && key !== "constructor" ? this.#metered(target, key, member) : member;
      },
    });
  }

  // deno-lint-ignore ban-types
  #metered(storage: Storage, key: PropertyKey, member: Function): (...args: unknown[]) => unknown {
    if (key === "waitForWork" || key === "waitForKey") return member.bind(storage);
    return async (...args) => {
      this.#underWay++;
      try {
        this.#notify();
        if (this.#refuses(storage, key)) throw new RequestsUsedUp();
        return await member.apply(storage, args);
      } finally {
        this.#underWay--;
        this.#notify();
      }
    };
  }

  #refuses({ requests }: Storage, key: PropertyKey): boolean {
    if (key === "close" || !this.isClosed) return false;
    // What is in hands is settled by an exchange, which may turn out to be two requests.
    return key !== "exchange" || requests + 2 > Math.min(...this.#limits);
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
