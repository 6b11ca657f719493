import type { Place, Session, StorageName } from "./contender.ts";

/** What we owe in a row: to be at least as good as a number, or as so many times another contender. */
export interface Goal {
  storage: StorageName;
  value: number;
  /** Another contender, or another storage of ours; absent: `value` is in the unit of the row. */
  than?: string;
}

/** One line of the tables. */
export interface Row {
  name: string;
  unit: string;
  better: "more" | "less";
  goals?: Goal[];
}

/** How a measurement is made. */
export interface Setting {
  place: Place;
  /** Opens the contender on the place, under its name or another that begins so. It is closed after the measurement. */
  open(suffix?: string): Promise<Session>;
  /** What a count of jobs is multiplied with, and never below one: 1 but for a quick look. */
  scaled(count: number): number;
}

/** Something that is measured, which gives the values of one row or more. */
export interface Metric {
  /** By which it is chosen: `deno task bench --only drain`. */
  name: string;
  rows: Row[];
  /** Absent: all. */
  storages?: StorageName[];
  /** Whether it is measured of us alone. */
  isOurs?: boolean;
  /** Whether it is measured in processes that have done nothing else before. */
  isFresh?: boolean;
  /** Whether the server is a millisecond away. */
  isAway?: boolean;
  /** How often it is measured, of what there is to be measured again and again. Absent: as often as is asked for. */
  rounds?: number;
  /** One value for each row; undefined for a row that the contender cannot do. */
  measure(setting: Setting): Promise<(number | undefined)[]>;
}

/** Sees that each of so many jobs runs, and runs once. */
export class Checklist {
  readonly #ran: Uint8Array;
  readonly #first: number;
  #count = 0;
  #twice = 0;
  #onAll: () => void = () => {};
  /** Resolves when all have run. */
  readonly all: Promise<void>;

  /** For the jobs of the numbers from `first` on. */
  constructor(count: number, first = 0) {
    this.#ran = new Uint8Array(count);
    this.#first = first;
    this.all = new Promise((resolve) => this.#onAll = resolve);
  }

  /** To be called with the number of each job that runs. */
  readonly ran = (n: number): void => {
    if (this.#ran[n - this.#first]++ > 0) this.#twice++;
    else if (++this.#count === this.#ran.length) this.#onAll();
  };

  /** Fails if one has not run, or has run twice, or has left no result. */
  async check(session: Session, results = this.#ran.length): Promise<void> {
    if (this.#count < this.#ran.length || this.#twice > 0) {
      throw new Error(`Of ${this.#ran.length} jobs ${this.#count} have run, and ${this.#twice} of them twice`);
    }
    const until = performance.now() + 10_000;
    let stored = await session.results();
    // The last ones may be on their way.
    while (stored < results && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      stored = await session.results();
    }
    if (stored !== results) throw new Error(`There are ${stored} results of ${results} jobs`);
  }
}
