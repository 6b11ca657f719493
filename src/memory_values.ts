import { Heap, type Placed } from "./heap.ts";
import type { Space } from "./storage.ts";

interface Value extends Placed {
  space: Space;
  key: string;
  value: string;
  /** When it expires; absent: never. */
  until?: number;
}

/** The key/value set of one name in memory. */
export class Values {
  readonly #spaces = new Map<Space, Map<string, Value>>();
  readonly #expiring = new Heap<Value>((a, b) => a.until! < b.until!);
  readonly #written: (space: Space, key: string) => void;

  /** `written` is told of each key that has got a value. */
  constructor(written: (space: Space, key: string) => void) {
    this.#written = written;
  }

  /** The value, unless it has expired: it is gone from the very instant `until` on. */
  get(space: Space, key: string, now: number): string | undefined {
    const value = this.#find(space, key);
    if (value?.until === undefined || now < value.until) return value?.value;
    // Forgotten when it is seen: waitForKey knows no time, and would wake for it again and again.
    this.delete(space, key);
  }

  /** Whether there is such a key, perhaps an expired one: here no time is known to judge by. */
  has(space: Space, key: string): boolean {
    return this.#find(space, key) !== undefined;
  }

  /** Writes a value; what an earlier one had, its time to live included, is forgotten. */
  set(space: Space, key: string, value: string, until?: number): void {
    this.delete(space, key);
    const added: Value = { space, key, value, until, place: -1 };
    let values = this.#spaces.get(space);
    if (!values) this.#spaces.set(space, values = new Map());
    values.set(key, added);
    if (until !== undefined) this.#expiring.push(added);
    this.#written(space, key);
  }

  /** Adds to a counter, and leaves it the time to live that it has. */
  increment(space: Space, key: string, by: number, now: number, ttl?: number): number {
    const counter = this.get(space, key, now) === undefined ? undefined : this.#find(space, key);
    const sum = Number(counter?.value ?? 0) + by;
    this.set(space, key, String(sum), counter ? counter.until : ttl === undefined ? undefined : now + ttl);
    return sum;
  }

  /** Removes a key. */
  delete(space: Space, key: string): void {
    const value = this.#find(space, key);
    if (!value) return;
    this.#spaces.get(space)!.delete(key);
    if (value.place >= 0) this.#expiring.remove(value);
  }

  /** Removes all keys of a space. */
  clear(space: Space): void {
    for (const key of this.#spaces.get(space)?.keys() ?? []) this.delete(space, key);
  }

  /** How many values of a space have not expired. */
  count(space: Space, now: number): number {
    this.sweep(now, Infinity);
    return this.#spaces.get(space)?.size ?? 0;
  }

  /** All keys of a space that have not expired, with their values. */
  entries(space: Space, now: number): [key: string, value: string][] {
    this.sweep(now, Infinity);
    return Array.from(this.#spaces.get(space)?.values() ?? [], ({ key, value }) => [key, value]);
  }

  /** Forgets up to `most` expired values: what nobody asks for again must not stay for ever. */
  sweep(now: number, most: number): void {
    for (let first = this.#expiring.peek(); first && first.until! <= now && most > 0; first = this.#expiring.peek()) {
      this.delete(first.space, first.key);
      most--;
    }
  }

  #find(space: Space, key: string): Value | undefined {
    return this.#spaces.get(space)?.get(key);
  }
}
