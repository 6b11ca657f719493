import type { StorageName } from "./contender.ts";
import type { Judged, ReportedRow, Score } from "./report.ts";

/** The rows of a storage as a table in Markdown. */
export function table(storage: StorageName, rows: ReportedRow[]): string {
  const own = rows.filter((row) => row.storage === storage);
  const contenders = [...new Set(own.flatMap(({ scores }) => scores.map(({ contender }) => contender)))];
  const hasGoals = own.some(({ goals }) => goals.length > 0);
  const head = [storage, "unit", ...contenders, ...hasGoals ? ["owed"] : []];
  const body = own.map(({ name, unit, scores, goals, better }) => [
    name,
    unit,
    ...contenders.map((contender) => cell(scores.find((score) => score.contender === contender))),
    ...hasGoals ? [goals.map((goal) => owed(goal, better)).join(", ")] : [],
  ]);
  return format([head, ...body]);
}

function cell(score: Score | undefined): string {
  if (!score) return "–";
  const { values, median, lowest, highest, ratio } = score;
  const range = values.length > 1 ? ` (${show(lowest)}–${show(highest)})` : "";
  return `${show(median)}${range}${ratio === undefined ? "" : `, we ${ratio.toFixed(2)}×`}`;
}

function owed({ value, than, reached }: Judged, better: "more" | "less"): string {
  const wanted = than === undefined ? `${better === "more" ? "≥" : "≤"} ${show(value)}` : `≥ ${value}× ${than}`;
  return reached ? wanted : `${wanted}: missed`;
}

/** Three digits that count. */
export function show(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return `${Number(value.toPrecision(3))}`;
}

function format(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row: string[]): string => `| ${row.map((text, i) => text.padEnd(widths[i])).join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
