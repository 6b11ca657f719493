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
}

/** What the settlement of what is in hands needs, and what costs nothing. */
const NEEDED: readonly PropertyKey[] = ["exchange", "counts", "close", "waitForWork", "waitForKey"];

const USED_UP = "Cannot send a request: the drain that this task is part of has used up its 'maxRequests'";

/** Sees every request of one instance. */
export class Meter {
  readonly #watchers = new Set<() => void>();
  #closed = 0;
  #underWay = 0;

  /** Whether a drain is at the end of its requests. */
  get isClosed(): boolean {
    return this.#closed > 0;
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

  /** Refuses requests that can wait, until the function that it gives is called. */
  close(): () => void {
    this.#closed++;
    return () => this.#closed--;
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
        if (this.isClosed && !NEEDED.includes(key)) throw new RequestsUsedUp(USED_UP);
        return await member.apply(storage, args);
      } finally {
        this.#underWay--;
        this.#notify();
      }
    };
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
