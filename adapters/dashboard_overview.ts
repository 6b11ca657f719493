import { html } from "hono/html";
import type { Counts } from "../mod.ts";
import { key, latencyChart, throughputChart } from "./dashboard_chart.ts";
import { badge, empty, HERE, type Page, panel, RECORDING, taskLink, type View } from "./dashboard_layout.ts";
import { failureOf } from "./dashboard_lists.ts";
import { MINUTES, QUARTERS } from "./dashboard_record.ts";
import type { Run } from "./dashboard_run.ts";
import type { Listed, Workers } from "./dashboard_reading.ts";
import { type Bucket, sum } from "./dashboard_series.ts";
import { type Upcoming, upcoming } from "./dashboard_schedules.ts";
import { ago, count, duration, type Html } from "./dashboard_show.ts";

const MOST_RUNNING = 8;
const MOST_FAILURES = 8;

/** The first page: how things stand. */
export async function overview(view: View): Promise<Page> {
  const { reading, base } = view;
  const [counts, workers, runs, running] = await Promise.all([
    reading.counts(),
    reading.workers(),
    reading.runs(),
    reading.list("running", MOST_RUNNING),
  ]);
  const ofDay = view.query.get("range") === "day";
  const buckets = ofDay ? workers.quarters : workers.minutes;
  const listed = await Promise.all(running.map((stored) => reading.open(stored)));
  const soon = (await upcoming(view)).filter(({ next }) => next.length > 0).slice(0, 5);
  return {
    title: "Overview",
    current: "",
    beside: html`<div class="switch" role="group" aria-label="Span of the charts">
      <a href="${base}/"${ofDay ? "" : HERE}>Hour</a>
      <a href="${base}/?range=day"${ofDay ? HERE : ""}>Day</a></div>`,
    body: html`
      <div class="panel tiles" id="tiles" data-live>${tiles(view, counts, workers, buckets, ofDay)}</div>
      <div class="two">${charts(buckets, ofDay, workers.recorded)}</div>
      <div class="two">
        <div class="stack">
          ${panel(
            "running",
            "Running now",
            runningTable(view, listed, workers),
            more(view, "tasks?state=running", counts.running),
          )}
          ${panel("alive", "Workers", alive(view, workers), more(view, "workers"))}
          ${panel("next", "Next runs", nextRuns(view, soon), more(view, "schedules"))}
        </div>
        ${panel("failures", "Latest failures", failures(view, runs, workers), more(view, "tasks?state=failed"))}
      </div>
    `,
  };
}

function tiles({ base }: View, counts: Counts, workers: Workers, buckets: readonly Bucket[], ofDay: boolean): Html {
  const total = sum(buckets);
  const ended = total.complete + total.failed;
  const share = ended === 0 ? undefined : total.failed / ended;
  const hands = workers.processes.filter(({ alive }) => alive).reduce((sum, { workers }) => sum + workers, 0);
  const tile = (path: string, name: string, number: string, note: string, shade = ""): Html =>
    html`
      <a
        href="${base}/${path}"><span class="label">${name}</span><strong class="${shade}">${number}</strong><small>${note}</small></a>
    `;
  const later = counts.waiting === 0 ? "for later" : `and ${count(counts.waiting)} waiting for a chord`;
  return html`
    ${tile("tasks?state=queued", "Queued", count(counts.queued), "ready to run")}
    ${tile("tasks?state=scheduled", "Scheduled", count(counts.scheduled), later)}
    ${tile(
      "tasks?state=running",
      "Running",
      count(counts.running),
      hands > 0 ? `of ${count(hands)} at once` : "in hands",
    )}
    ${tile(
      "tasks?state=finished",
      ofDay ? "Finished, 24 h" : "Finished, 1 h",
      count(ended),
      `${count(total.retried)} retried`,
    )}
    ${tile(
      "tasks?state=failed",
      "Failure rate",
      share === undefined ? "–" : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`,
      `${count(total.failed)} failed`,
      share !== undefined && share >= 0.05 ? "bad" : "",
    )}
    ${tile("dead", "Dead letters", count(counts.dead), "to be looked at", counts.dead > 0 ? "bad" : "")}
  `;
}

function charts(buckets: readonly Bucket[], ofDay: boolean, recorded: boolean): Html {
  if (!recorded) return html`${panel("throughput", "Throughput and latency", empty("Nothing is recorded", RECORDING))}`;
  const total = sum(buckets);
  const axis = ofDay
    ? { span: QUARTERS[0], labels: ["24 h ago", "18 h", "12 h", "6 h", "now"] }
    : { span: MINUTES[0], labels: ["60 min ago", "45 min", "30 min", "15 min", "now"] };
  const slow = total.run.percentile(0.95);
  return html`
    ${panel(
      "throughput",
      "Throughput",
      throughputChart(buckets, axis),
      html`${key("f-good", "complete")}${key("f-warn", "retried")}${key("f-bad", "failed")}
      <span class="wide">per ${ofDay ? "15 min" : "minute"}</span>`,
    )}
    ${panel(
      "latency",
      "Latency",
      latencyChart(buckets, axis),
      html`${key("l-run", `median ${duration(total.run.percentile(0.5))}`)}${key("l-slow", `95 % ${duration(slow)}`)}${
        key("l-wait", `wait ${duration(total.wait.percentile(0.5))}`)
      }`,
    )}
  `;
}

function runningTable(view: View, listed: Listed[], { running }: Workers): Html {
  if (listed.length === 0) {
    return empty("Nothing runs", html`<p>Tasks appear here while a worker has them in its hands.</p>`);
  }
  const rows = listed.map(({ task }) => {
    const begun = running.get(task.id);
    return html`
      <tr>
        <td>${taskLink(view, task)}</td>
        <td class="wide quiet nowrap">${begun?.worker ?? ""}</td>
        <td class="num">${begun ? duration(view.now - begun.at) : html`<span class="quiet">–</span>`}</td>
      </tr>
    `;
  });
  return html`
    <div class="scroll">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col" class="wide">Worker</th>
            <th scope="col" class="num">For</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

function failures(view: View, runs: readonly Run[], { recorded }: Workers): Html {
  const failed = runs.filter(({ status, error }) => error !== undefined || status === "dead").slice(0, MOST_FAILURES);
  if (failed.length === 0) {
    return recorded
      ? empty("No failures", html`<p>Attempts that throw, take too long or die appear here.</p>`)
      : empty("Nothing is recorded", RECORDING);
  }
  return html`<ul class="rows">${
    failed.map((run) =>
      html`<li><div>${taskLink(view, { id: run.id, name: run.name })}
        <span class="why">${failureOf(view, run)}</span></div>
        ${run.again ? badge("retrying") : ""}<span class="quiet nowrap">${ago(run.ended, view.now)}</span></li>`
    )
  }</ul>`;
}

function alive({ now }: View, { processes, recorded }: Workers): Html {
  const there = processes.filter(({ alive }) => alive);
  if (there.length === 0) {
    return recorded
      ? empty(
        "No workers",
        html`<p>Nobody has been heard of for a minute. Start a consumer: <code>deno task consume</code></p>`,
      )
      : empty("Nothing is recorded", RECORDING);
  }
  return html`<ul class="rows">${
    there.slice(0, 6).map(({ name, runtime, workers, running, seen }) =>
      html`<li><div><b>${name}</b> <span class="quiet">${runtime}</span></div>
        <span class="nowrap">${workers > 0 ? `${running.length} of ${workers} busy` : "drains"}</span>
        <span class="quiet nowrap">${ago(seen, now)}</span></li>`
    )
  }</ul>`;
}

function nextRuns({ now }: View, soon: Upcoming[]): Html {
  if (soon.length === 0) {
    return empty("No schedules", html`<p>Periodic tasks appear here with their next runs.</p>`);
  }
  return html`<ul class="rows">${
    soon.map(({ name, next }) =>
      html`<li><div>${name}</div><span class="quiet nowrap">${ago(next[0], now)}</span></li>`
    )
  }</ul>`;
}

function more({ base }: View, path: string, number?: number): Html {
  return html`<a href="${base}/${path}">${number && number > MOST_RUNNING ? `All ${count(number)}` : "All"}</a>`;
}
