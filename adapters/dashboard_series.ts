/** What is counted of a span of time. */
export interface Bucket {
  /** Its number: epoch milliseconds divided by the span. */
  at: number;
  /** How many attempts have succeeded. */
  complete: number;
  /** How many tasks have failed for good, or were stopped before they began. */
  failed: number;
  /** How many attempts were followed by another. */
  retried: number;
  /** How long attempts ran. */
  run: Histogram;
  /** How long tasks waited from when they were due until they began. */
  wait: Histogram;
}

/** What a number of attempts came to. */
export type Counted = "complete" | "failed" | "retried";

/** A bucket as it is stored: numbers alone, and of a histogram a class and its count, one after the other. */
type Stored = [at: number, complete: number, failed: number, retried: number, run: number[], wait: number[]];

/** Counts durations in classes, each a fifth wider than the one before: a few numbers tell any percentile well enough. */
export class Histogram {
  readonly #counts = new Map<number, number>();

  /** Counts a duration in milliseconds; `by` -1 takes it back. */
  add(ms: number, by: number = 1): void {
    this.#addTo(Math.round(4 * Math.log2(Math.max(0, ms) + 1)), by);
  }

  /** Takes in another one. */
  merge(other: Histogram): void {
    for (const [place, count] of other.#counts) this.#addTo(place, count);
  }

  /** How many durations were counted. */
  get count(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The duration in milliseconds below which the given share of all is; `undefined` if there are none. */
  percentile(share: number): number | undefined {
    let left = share * this.count;
    let found: number | undefined;
    for (const [place, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      found = 2 ** (place / 4) - 1;
      if ((left -= count) <= 0) break;
    }
    return found;
  }

  /** As plain numbers. */
  pack(): number[] {
    return [...this.#counts].flat();
  }

  /** Out of plain numbers, which may have come from anywhere. */
  static unpack(numbers: unknown): Histogram {
    const histogram = new Histogram();
    if (!Array.isArray(numbers)) return histogram;
    for (let i = 0; i + 1 < numbers.length; i += 2) {
      if (Number.isInteger(numbers[i]) && Number.isInteger(numbers[i + 1])) {
        histogram.#addTo(numbers[i], numbers[i + 1]);
      }
    }
    return histogram;
  }

  #addTo(place: number, by: number): void {
    const count = (this.#counts.get(place) ?? 0) + by;
    if (count > 0) this.#counts.set(place, count);
    else this.#counts.delete(place);
  }
}

/** Counts over time: so many buckets, of so many milliseconds each, the oldest forgotten. */
export class Series {
  readonly span: number;
  readonly length: number;
  readonly #buckets = new Map<number, Bucket>();

  /** An empty one. */
  constructor(span: number, length: number) {
    this.span = span;
    this.length = length;
  }

  /** The bucket of an instant. */
  at(now: number): Bucket {
    const at = Math.floor(now / this.span);
    let bucket = this.#buckets.get(at);
    if (!bucket) this.#buckets.set(at, bucket = empty(at));
    // The first ones are the oldest, but for a clock that was set back.
    for (const old of this.#buckets.keys()) if (old <= at - this.length) this.#buckets.delete(old);
    return bucket;
  }

  /** All buckets up to an instant, oldest first, empty ones too. */
  until(now: number): Bucket[] {
    const last = Math.floor(now / this.span);
    return Array.from({ length: this.length }, (_, i) => {
      const at = last - this.length + 1 + i;
      return this.#buckets.get(at) ?? empty(at);
    });
  }

  /** As plain numbers. */
  pack(): unknown[] {
    return Array.from(this.#buckets.values(), ({ at, complete, failed, retried, run, wait }): Stored => {
      return [at, complete, failed, retried, run.pack(), wait.pack()];
    });
  }

  /** Takes in what another process has counted, and what may have come from anywhere. */
  merge(packed: unknown): void {
    if (!Array.isArray(packed)) return;
    for (const stored of packed) {
      if (!Array.isArray(stored) || !stored.slice(0, 4).every(Number.isInteger)) continue;
      const [at, complete, failed, retried, run, wait] = stored as Stored;
      const bucket = this.#buckets.get(at) ?? empty(at);
      this.#buckets.set(at, bucket);
      bucket.complete += complete;
      bucket.failed += failed;
      bucket.retried += retried;
      bucket.run.merge(Histogram.unpack(run));
      bucket.wait.merge(Histogram.unpack(wait));
    }
  }
}

/** Several buckets as one. */
export function sum(buckets: readonly Bucket[]): Bucket {
  const total = empty(0);
  for (const { complete, failed, retried, run, wait } of buckets) {
    total.complete += complete;
    total.failed += failed;
    total.retried += retried;
    total.run.merge(run);
    total.wait.merge(wait);
  }
  return total;
}

function empty(at: number): Bucket {
  return { at, complete: 0, failed: 0, retried: 0, run: new Histogram(), wait: new Histogram() };
}
