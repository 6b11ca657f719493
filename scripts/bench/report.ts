import type { StorageName } from "./contender.ts";
import type { Goal, Row } from "./metric.ts";
import { median } from "./statistics.ts";

/** What one contender came to in one row. */
export interface Score {
  contender: string;
  /** One for each round. */
  values: number[];
  median: number;
  lowest: number;
  highest: number;
  /** How many times as good ours is, where this is a peer's. */
  ratio?: number;
}

/** What became of a goal. */
export interface Judged extends Goal {
  reached: boolean;
}

/** A row of one storage's table. */
export interface ReportedRow extends Omit<Row, "goals"> {
  storage: StorageName;
  scores: Score[];
  goals: Judged[];
}

/** All that was measured in one run, as the JSON file has it. */
export interface Report {
  /** How to make it again. */
  command: string;
  /** When, as ISO 8601. */
  date: string;
  /** Of the processor, the runtimes and the servers. */
  machine: Record<string, string>;
  rows: ReportedRow[];
}

/**
 * The values of a row, by contender. `ours` is the name of the one that the others are compared with; `elsewhere` gives
 * its median on another storage.
 */
export function reportRow(
  { goals = [], ...row }: Row,
  storage: StorageName,
  valuesOf: Map<string, number[]>,
  ours: string,
  elsewhere: (storage: string) => number | undefined = () => undefined,
): ReportedRow {
  const better = (one: number, other: number): number => row.better === "more" ? one / other : other / one;
  const own = valuesOf.get(ours);
  const scores = [...valuesOf].map(([contender, values]): Score => ({
    contender,
    values,
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    ratio: own && contender !== ours ? better(median(own), median(values)) : undefined,
  }));
  const judged = goals.filter((goal) => goal.storage === storage && own).flatMap((goal): Judged[] => {
    if (goal.than === undefined) return [{ ...goal, reached: better(median(own!), goal.value) >= 1 }];
    const other = elsewhere(goal.than) ?? scores.find(({ contender }) => contender === goal.than)?.median;
    return other === undefined ? [] : [{ ...goal, reached: better(median(own!), other) >= goal.value }];
  });
  return { ...row, storage, scores, goals: judged };
}
