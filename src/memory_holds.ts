import { Heap, type Placed } from "./heap.ts";

/** That a message holds a unique key. */
export interface Hold extends Placed {
  /** What is held. */
  key: string;
  /** The message. */
  id: string;
  /** Up to when it is held even if the message is finished. */
  until?: number;
}

/** Who holds which unique key, within one name in memory. */
export class Holds {
  readonly #holds = new Map<string, Hold>();
  /** Those whose message is finished: only these end by time. */
  readonly #ending = new Heap<Hold>((a, b) => a.until! < b.until!);

  /** The id of the message that holds the key. */
  holder(key: string, now: number): string | undefined {
    const hold = this.#holds.get(key);
    if (hold && hold.place >= 0 && hold.until! <= now) this.free(hold);
    return this.#holds.get(key)?.id;
  }

  /** Takes the key for a message; nobody may hold it. */
  take(key: string, id: string, until?: number): Hold {
    const hold: Hold = { key, id, until, place: -1 };
    this.#holds.set(key, hold);
    return hold;
  }

  /** The message is finished: the key is free, or will be when the time has come. */
  finish(hold: Hold, now: number): void {
    if (hold.place >= 0) return;
    if (hold.until !== undefined && now < hold.until) this.#ending.push(hold);
    else this.free(hold);
  }

  /** The message, a dead letter, is brought back: it holds the key again until it is finished, if it still had it. */
  resume(hold: Hold, now: number): void {
    if (hold.place >= 0 && now < hold.until!) this.#ending.remove(hold);
  }

  /** The key is free at once, unless another message has it by now. */
  free(hold: Hold): void {
    if (this.#holds.get(hold.key) === hold) this.#holds.delete(hold.key);
    if (hold.place >= 0) this.#ending.remove(hold);
  }

  /** Forgets up to `most` holds whose time has come. */
  sweep(now: number, most: number): void {
    for (let first = this.#ending.peek(); first && first.until! <= now && most > 0; first = this.#ending.peek()) {
      this.free(first);
      most--;
    }
  }
}
