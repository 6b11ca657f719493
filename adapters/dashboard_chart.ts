import { html, raw } from "hono/html";
import type { Bucket } from "./dashboard_series.ts";
import { count, duration, type Html } from "./dashboard_show.ts";

/** How wide a bucket is in a drawing, and how high the drawing is. */
const STEP = 10;
const HEIGHT = 100;

/** What the buckets of a chart are: how long each is, and what stands below them. */
export interface Axis {
  /** Milliseconds. */
  span: number;
  /** Below the drawing, from left to right. */
  labels: readonly string[];
}

/** How many attempts have ended in each span of time, and how. */
export function throughputChart(buckets: readonly Bucket[], axis: Axis): Html {
  const top = niceCeiling(Math.max(2, ...buckets.map(({ complete, failed, retried }) => complete + failed + retried)));
  const bars = buckets.map(({ complete, failed, retried }, i) => {
    let y = HEIGHT;
    const bar = (value: number, shade: string): string => {
      if (value === 0) return "";
      const height = value / top * HEIGHT;
      y -= height;
      return `<rect class="${shade}" x="${i * STEP + 1}" width="${STEP - 2}" y="${round(y)}" height="${
        round(height)
      }"/>`;
    };
    const title = `${when(i, buckets.length, axis.span)}: ${complete} complete, ${retried} retried, ${failed} failed`;
    return hit(i, title) + bar(complete, "f-good") + bar(retried, "f-warn") + bar(failed, "f-bad") + "</g>";
  });
  const total = buckets.reduce((sum, { complete, failed, retried }) => sum + complete + failed + retried, 0);
  const label = `Throughput: ${total} attempts have ended, at most ${top} in ${duration(axis.span)}`;
  return frame(bars.join(""), buckets.length, [count(top), count(top / 2), "0"], label, axis);
}

/** How long tasks ran, and waited, in each span of time. */
export function latencyChart(buckets: readonly Bucket[], axis: Axis): Html {
  const median = buckets.map(({ run }) => run.percentile(0.5));
  const slow = buckets.map(({ run }) => run.percentile(0.95));
  const wait = buckets.map(({ wait }) => wait.percentile(0.5));
  const known = [...median, ...slow, ...wait].filter((value) => value !== undefined);
  const top = niceCeiling(Math.max(1, ...known));
  const y = (value: number): number => round(HEIGHT - value / top * HEIGHT);
  const hits = buckets.map((_, i) => {
    const title = `${when(i, buckets.length, axis.span)}: ran ${duration(median[i])} (median), ` +
      `${duration(slow[i])} (95 %), waited ${duration(wait[i])}`;
    return hit(i, title) + "</g>";
  });
  const drawing = area(median, y) + line(median, y, "l-run") + line(slow, y, "l-slow") + line(wait, y, "l-wait");
  const label = known.length === 0 ? "Latency: nothing has run" : `Latency: at most ${duration(Math.max(...known))}`;
  const marks = [duration(top), duration(top / 2), "0"];
  return frame(drawing + hits.join(""), buckets.length, marks, label, axis);
}

/** One entry of a legend. */
export function key(kind: string, text: string): Html {
  const mark = kind.startsWith("f-")
    ? `<rect class="${kind}" width="10" height="10" rx="2"/>`
    : `<path class="l ${kind}" d="M0 5H10"/>`;
  return html`<span class="key"><svg viewBox="0 0 10 10" aria-hidden="true">${raw(mark)}</svg>${text}</span>`;
}

/** A bar that shows how a span of time was spent: waiting, then running. */
export function spanBar(waited: number, ran: number): Html {
  const all = Math.max(1, waited + ran);
  const split = round(waited / all * 1_000);
  const bars = `<rect class="f-wait" width="${split}" height="10"/>` +
    `<rect class="f-run" x="${split}" width="${Math.max(4, 1_000 - split)}" height="10"/>`;
  const label = `waited ${duration(waited)}, ran ${duration(ran)}`;
  return html`<svg class="span" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${label}">${
    raw(bars)
  }</svg>`;
}

function frame(drawing: string, length: number, marks: string[], label: string, { labels }: Axis): Html {
  const width = length * STEP;
  const grid = `<path class="grid" d="M0 0H${width}M0 ${HEIGHT / 2}H${width}"/>`;
  return html`
    <div class="chart">
      <div class="y" aria-hidden="true">${marks.map((mark) => html`<span>${mark}</span>`)}</div>
      <svg viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" role="img"
        aria-label="${label}">${raw(grid + drawing)}</svg>
      <div class="x" aria-hidden="true">${labels.map((text) => html`<span>${text}</span>`)}</div>
    </div>
  `;
}

function hit(i: number, title: string): string {
  return `<g><title>${title}</title><rect class="f-hit" x="${i * STEP}" width="${STEP}" height="${HEIGHT}"/>`;
}

/** Steps, since a value is that of a whole span, and one that stands alone is to be seen. */
function line(values: readonly (number | undefined)[], y: (value: number) => number, shade: string): string {
  let path = "";
  values.forEach((value, i) => {
    if (value !== undefined) {
      path += `${values[i - 1] === undefined ? "M" : "L"}${i * STEP + 1} ${y(value)}h${STEP - 2}`;
    }
  });
  return path && `<path class="l ${shade}" d="${path}"/>`;
}

function area(values: readonly (number | undefined)[], y: (value: number) => number): string {
  const bars = values.map((value, i) =>
    value === undefined ? "" : `M${i * STEP} ${HEIGHT}V${y(value)}h${STEP}V${HEIGHT}Z`
  );
  return `<path class="a-run" d="${bars.join("")}"/>`;
}

function when(i: number, length: number, span: number): string {
  const back = length - 1 - i;
  return back === 0 ? "now" : `${duration(back * span).replace(/ 0 (s|min)$/, "")} ago`;
}

/** The next number of which the half is a round one too. */
function niceCeiling(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 3, 4, 6, 8, 10].find((step) => step * unit >= value) ?? 10;
  return step * unit;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
