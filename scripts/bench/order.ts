import type { Place } from "./contender.ts";

/** What is to be measured. */
export interface Order {
  /** The name of the metric's first row. */
  metric: string;
  place: Place;
  /** What the counts of jobs are multiplied with. */
  scale: number;
}

/** With it begins an answer; what else the process writes is not for us. */
export const MARK = "measured: ";

/** What became of an order. */
export interface Answer {
  /** One for each row of the metric; null for what the contender cannot do. */
  values?: (number | null)[];
  error?: string;
}
