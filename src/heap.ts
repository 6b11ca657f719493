/** What a {@linkcode Heap} can hold: it remembers its own place, so that taking it out needs no search. */
export interface Placed {
  /** Written by the heap that holds it, so it can be in one heap at a time; -1 in none. */
  place: number;
}

/** A binary heap: the first of a million is found at once, and any of them put in or taken out in twenty steps. */
export class Heap<T extends Placed> {
  #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** `before` is a total order: of two different items exactly one is before the other. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** The first, left in. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Puts one in. */
  push(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Takes one out, wherever it is. */
  remove(item: T): void {
    const last = this.#items.pop()!;
    if (last !== item) {
      this.#rise(last, item.place);
      this.#sink(last, last.place);
    }
    item.place = -1;
  }

  /** All in order, each found only when it is asked for. The heap must not change meanwhile. */
  *inOrder(): Generator<T> {
    const next = new Heap<Placed & { item: T }>((a, b) => this.#before(a.item, b.item));
    if (this.#items.length > 0) next.push({ item: this.#items[0], place: -1 });
    for (let first = next.peek(); first; first = next.peek()) {
      next.remove(first);
      yield first.item;
      const child = 2 * first.item.place + 1;
      for (const item of this.#items.slice(child, child + 2)) next.push({ item, place: -1 });
    }
  }

  #rise(item: T, place: number): void {
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#before(item, this.#items[above])) break;
      this.#set(this.#items[above], place);
      place = above;
    }
    this.#set(item, place);
  }

  #sink(item: T, place: number): void {
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#items.length) break;
      if (below + 1 < this.#items.length && this.#before(this.#items[below + 1], this.#items[below])) below++;
      if (!this.#before(this.#items[below], item)) break;
      this.#set(this.#items[below], place);
      place = below;
    }
    this.#set(item, place);
  }

  #set(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
