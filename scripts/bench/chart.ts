import { OURS, type StorageName } from "./contender.ts";
import type { Report, ReportedRow } from "./report.ts";
import { show } from "./table.ts";

/** What the chart shows: rates, so that a longer bar is better. */
const PANELS: { storage: StorageName; title: string; rows: string[] }[] = [
  {
    storage: "redis",
    title: "Redis, tasks a second",
    rows: ["drain, 1 at once", "drain, 16 at once", "drain, 64 at once", "enqueue, in bulk"],
  },
  {
    storage: "sqlite",
    title: "SQLite, tasks a second",
    rows: ["drain, 1 at once", "drain, 16 at once", "drain, 64 at once", "enqueue, in bulk"],
  },
];
/** They are what a queue could reach at most, not queues. */
const LEFT_OUT = ["bare script", "raw Redis"];

const WIDTH = 760;
const LABEL = 220;
const VALUE = 70;
const BAR = 14;
const GAP = 3;
const BETWEEN = 12;
const MARGIN = 16;

// Read in an `<img>`, it has no colours of the page; the reader's scheme it does know.
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .row { font-weight: 600 }
  .other { fill: #59636e }
  .ours { font-weight: 600 }
  rect.other { fill: #afb8c1 }
  rect.ours { fill: #1a7f5a }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .other { fill: #9198a1 }
    rect.other { fill: #4d5662 }
    rect.ours { fill: #3fb68b }
  }`;

/** The rates of a report as bars, in SVG: per row, the longest is the fastest. */
export function chart({ rows }: Report): string {
  const parts: string[] = [];
  let y = MARGIN;
  for (const { storage, title, rows: names } of PANELS) {
    const own = names.flatMap((name) => rows.find((row) => row.storage === storage && row.name === name) ?? []);
    if (own.length === 0) continue;
    y += 14;
    parts.push(text(MARGIN, y, title, "title"));
    y += BETWEEN;
    for (const row of own) y = group(parts, row, y) + BETWEEN;
    y += BETWEEN;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img"
  aria-label="How many tasks a second Huey and its peers add and run">
<style>${STYLE}
</style>
${parts.join("\n")}
</svg>
`;
}

/** The bars of a row, and where the next may begin. */
function group(parts: string[], { name, scores }: ReportedRow, top: number): number {
  const shown = scores.filter(({ contender }) => !LEFT_OUT.includes(contender) && !contender.startsWith(`${OURS} in `));
  const most = Math.max(...shown.map(({ median }) => median));
  const room = WIDTH - LABEL - VALUE - MARGIN;
  let y = top;
  for (const { contender, median } of shown) {
    const kind = contender === OURS ? "ours" : "other";
    const middle = y + BAR - 3;
    const width = Math.max(2, median / most * room);
    if (y === top) parts.push(text(MARGIN, middle, name, "row"));
    parts.push(
      text(LABEL - 8, middle, contender, kind, "end"),
      `<rect class="${kind}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
      text(Number((LABEL + width + 6).toFixed(1)), middle, show(median), kind),
    );
    y += BAR + GAP;
  }
  return y;
}

function text(x: number, y: number, content: string, kind: string, anchor = "start"): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped}</text>`;
}
