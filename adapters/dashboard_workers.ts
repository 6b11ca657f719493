import { html } from "hono/html";
import { badge, empty, type Page, panel, RECORDING, taskPath, type View } from "./dashboard_layout.ts";
import type { Run } from "./dashboard_run.ts";
import { Histogram } from "./dashboard_series.ts";
import { ago, count, duration, type Html } from "./dashboard_show.ts";

/** The page of processes. */
export async function workers(view: View): Promise<Page> {
  const { processes, recorded } = await view.reading.workers();
  const rows = processes.map(({ name, runtime, workers, since, seen, alive, stopped, running }) =>
    html`
      <tr>
        <td><b>${name}</b><span class="args">${runtime}</span></td>
        <td>${alive ? badge(workers > 0 ? "running" : "drains") : badge(stopped ? "stopped" : "gone")}</td>
        <td class="num">${workers > 0 ? `${alive ? running.length : 0} of ${workers}` : "–"}</td>
        <td class="wide">${running.slice(0, alive ? 3 : 0).map(([id, task]) =>
          html`
            <a href="${view.base}/${taskPath(id)}">${task}</a>
          `
        )}</td>
        <td class="num wide quiet">${ago(since, view.now)}</td>
        <td class="num quiet">${ago(seen, view.now)}</td>
      </tr>
    `
  );
  const body = rows.length > 0
    ? html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">State</th>
              <th scope="col" class="num">Busy</th>
              <th scope="col" class="wide">With</th>
              <th scope="col" class="num wide">Since</th>
              <th scope="col" class="num">Last seen</th>
            </tr>
          </thead>
          <tbody>${rows}</tbody>
        </table>
      </div>
    `
    : recorded
    ? empty("No workers", "")
    : empty("Nothing is recorded", RECORDING);
  return { title: "Workers", current: "workers", body: panel("processes", "Processes of the last day", body) };
}

/** The page of task functions: what each of them comes to, among the attempts that are remembered. */
export async function names(view: View): Promise<Page> {
  const runs = await view.reading.runs();
  const byName = new Map<string, Run[]>(view.huey.core.registry.list().map(({ name }) => [name, []]));
  for (const run of runs) byName.set(run.name, [...byName.get(run.name) ?? [], run]);
  const rows = [...byName].sort(([, a], [, b]) => b.length - a.length).map(([name, runs]) => row(view, name, runs));
  const body = rows.length === 0
    ? empty("No functions", html`<p>This program has no task functions, and nothing has run.</p>`)
    : html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Function</th>
              <th scope="col" class="num">Attempts</th>
              <th scope="col" class="num">Failed</th>
              <th scope="col" class="num">Median</th>
              <th scope="col" class="num wide">95 %</th>
              <th scope="col" class="num wide">Last</th>
            </tr>
          </thead>
          <tbody>${rows}</tbody>
        </table>
      </div>
    `;
  const of = html`<span>Among the last ${count(runs.length)} attempts</span>`;
  return { title: "Functions", current: "names", body: panel("functions", "Task functions", body, of) };
}

function row({ base, now }: View, name: string, runs: readonly Run[]): Html {
  const times = new Histogram();
  for (const { started, ended } of runs) if (started !== undefined) times.add(ended - started);
  const failed = runs.filter(({ error }) => error !== undefined).length;
  const share = runs.length === 0 ? 0 : failed / runs.length;
  const query = `name=${encodeURIComponent(name)}`;
  return html`
    <tr>
      <td><a class="name" href="${base}/tasks?state=finished&${query}">${name}</a></td>
      <td class="num">${runs.length === 0 ? html`<span class="quiet">–</span>` : count(runs.length)}</td>
      <td class="num">${failed === 0
        ? html`<span class="quiet">–</span>`
        : html`<a href="${base}/tasks?state=failed&${query}">${count(failed)}</a> <span class="quiet">${
          Math.round(share * 100)
        } %</span>`}</td>
      <td class="num">${duration(times.percentile(0.5))}</td>
      <td class="num wide">${duration(times.percentile(0.95))}</td>
      <td class="num wide quiet">${runs[0] ? ago(runs[0].ended, now) : ""}</td>
    </tr>
  `;
}
