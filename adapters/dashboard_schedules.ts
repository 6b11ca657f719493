import { html } from "hono/html";
import type { Schedule, StoredSchedule, Task } from "../mod.ts";
import { action, badge, confirmed, empty, type Page, panel, type View } from "./dashboard_layout.ts";
import { ago, duration, type Html } from "./dashboard_show.ts";

/** What runs by itself, and when next. */
export interface Upcoming {
  name: string;
  /** The task function that it runs. */
  task: string;
  args: readonly unknown[];
  /** The schedule as its maker would write it. */
  rule: string;
  /** In epoch milliseconds. */
  next: number[];
  paused: boolean;
  /** Whether it was made at run time, so that it can be paused and deleted. */
  stored: boolean;
}

const RUNS = 4;

/** All schedules, the next to run first. */
export async function upcoming({ huey, now }: View): Promise<Upcoming[]> {
  const periodic = huey.core.registry.list().flatMap(({ name, schedule }): Upcoming[] => {
    if (!schedule) return [];
    return [{
      ...{ name, task: name, args: [], rule: ruleOf(schedule), paused: false, stored: false },
      next: nextOf(schedule, now),
    }];
  });
  const stored = (await huey.schedules.list()).map(({ name, schedule, task, paused, nextRuns }: StoredSchedule) => {
    const { name: runs, args } = task as Task;
    return { name, task: runs, args, rule: ruleOf(schedule), next: nextRuns.slice(0, RUNS), paused, stored: true };
  });
  return [...periodic, ...stored].sort((a, b) => (a.next[0] ?? Infinity) - (b.next[0] ?? Infinity));
}

/** The page of schedules. */
export async function schedules(view: View): Promise<Page> {
  const all = await upcoming(view);
  return {
    title: "Schedules",
    current: "schedules",
    body: html`
      ${panel("stored", "Made at run time", table(view, all.filter(({ stored }) => stored)))}
      ${panel("periodic", "Periodic tasks of this program", table(view, all.filter(({ stored }) => !stored), true))}
    `,
  };
}

function table(view: View, schedules: Upcoming[], periodic = false): Html {
  if (schedules.length === 0) {
    const example = periodic
      ? `huey.periodicTask("nightly", crontab({ hour: "3", minute: "0" }), () => …);`
      : `await huey.schedules.put("ada", crontab("0 9 * * *"), remind.s("ada"));`;
    return empty("None", html`<p>One is made with</p>${html`<pre><code>${example}</code></pre>`}`);
  }
  const rows = schedules.map((schedule) => row(view, schedule));
  return html`
    <div class="scroll">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Schedule</th>
            <th scope="col" class="wide">When</th>
            <th scope="col" class="num">Next run</th>
            <th scope="col" class="wide num">After that</th>
            <th scope="col" class="num"><span class="unseen">Actions</span></th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

function row(view: View, { name, task, args, rule, next, paused, stored }: Upcoming): Html {
  const line = view.values.line(args, task);
  const path = `schedules/${encodeURIComponent(name)}`;
  const runs = html`
    <div
      class="task"><a class="name" href="${view.base}/tasks?state=finished&name=${encodeURIComponent(
        task,
      )}">${name}</a>${stored ? html`<code class="args">${task}(${line})</code>` : ""}</div>
  `;
  const buttons = view.readOnly ? "" : html`${action(view, `${path}/run`, "Run now", "small")}
    ${
    stored
      ? (paused ? action(view, `${path}/resume`, "Resume", "small") : action(view, `${path}/pause`, "Pause", "small"))
      : ""
  }
    ${stored ? confirmed(view, `${path}/delete`, "Delete", `Delete the schedule ${name}?`, "small danger") : ""}`;
  return html`
    <tr>
      <td>${runs}</td>
      <td class="wide"><code>${rule}</code></td>
      <td class="num">${paused ? badge("paused") : ago(next[0], view.now)}</td>
      <td class="wide num quiet">${next.slice(1).map((at, i) => html`${i > 0 ? ", " : ""}${ago(at, view.now)}`)}</td>
      <td class="do">
        <div class="actions">${buttons}</div>
      </td>
    </tr>
  `;
}

/** The next runs of a schedule; of one of the user's own that fails there are none, and the consumer says why. */
function nextOf(schedule: Schedule, now: number): number[] {
  const next: number[] = [];
  try {
    for (let at: number | undefined = now; next.length < RUNS;) {
      at = schedule.next(at);
      if (at === undefined || !Number.isFinite(at)) break;
      next.push(at);
    }
  } catch {
    return [];
  }
  return next;
}

function ruleOf(schedule: Schedule): string {
  const { toJSON } = schedule as Partial<StoredSchedule["schedule"]>;
  const spec = toJSON?.call(schedule);
  if (!spec) return "a schedule of its own";
  if ("every" in spec) return `every ${duration(spec.every).replace(/ 0 (s|min)$|\.0(?= s$)/, "")}`;
  return `${spec.cron}${spec.timeZone === undefined ? "" : ` ${spec.timeZone}`}`;
}
