import { html } from "hono/html";
import type { State } from "../mod.ts";
import { action, badge, empty, RECORDING, taskLink, taskPath, type View } from "./dashboard_layout.ts";
import { calledAt, type Run } from "./dashboard_run.ts";
import { exact, type Filter, isSearch, matches, PAGE, search } from "./dashboard_search.ts";
import { ago, count, duration, type Html } from "./dashboard_show.ts";

/** What is shown of a list. */
interface Excerpt {
  /** Which of how many are shown. */
  note: string;
  /** Where the shown ones end in the list, and whether there is more behind that. */
  to: number;
  more: boolean;
}

/** What lies in a state of the storage. */
export async function storedList(view: View, state: State, total: number, filter: Filter): Promise<Html> {
  const { reading, base } = view;
  const searched = isSearch(filter);
  const from = (filter.page - 1) * PAGE;
  // Without a search no more is read than is shown, however long the queue is.
  const { items, to, more } = searched ? await search(view, state, filter) : await reading.list(state, PAGE, from).then(
    (items) => ({ items, to: from + items.length, more: from + items.length < total }),
  );
  const all = `of ${count(Math.max(to, total))}`;
  const note = searched
    ? `${count(items.length)} found among ${range(filter.from, to)} ${all}`
    : `${range(from, to)} ${all}`;
  const below = pager(view, filter, { note, to, more });
  const byId = await exact(view, filter, new Set(items.map(({ message: { id } }) => id)));
  if (items.length === 0) return html`${byId ?? nothing(state, searched, more)}${searched && to > 0 ? below : ""}`;
  const listed = await Promise.all(items.map((stored) => reading.open(stored)));
  const workers = state === "running" ? await reading.workers() : undefined;
  const rows = listed.map(({ task, state, deliveries, reason, error }) => {
    const begun = workers?.running.get(task.id);
    const note = state === "dead"
      ? html`<span class="why">${
        [reason, error && view.values.error(error, task.name).title].filter(Boolean).join(" – ")
      }</span>`
      : "";
    return html`<tr><td>${taskLink(view, task)}${note}</td>
      <td class="wide"><a class="mono quiet" href="${base}/${taskPath(task.id)}">${shortId(task.id)}</a></td>
      <td class="num wide">${task.priority === 0 ? "" : task.priority}</td>
      <td class="num wide">${
      task.attempt > 1 ? `attempt ${task.attempt}` : deliveries > 1 ? `handed out ${deliveries} times` : ""
    }</td>
      <td class="num">${
      state === "running"
        ? (begun ? html`for ${duration(view.now - begun.at)}` : badge("running"))
        : task.eta === undefined
        ? html`<span class="quiet">${ago(calledAt(task.id), view.now)}</span>`
        : ago(task.eta, view.now)
    }</td>
      ${
      state === "dead" && !view.readOnly
        ? html`
          <td class="do">
            <div class="actions">${action(view, `${taskPath(task.id)}/retry`, "Retry", "small")}${action(
              view,
              `${taskPath(task.id)}/delete`,
              "Delete",
              "small danger",
            )}</div>
          </td>
        `
        : ""
    }</tr>`;
  });
  const last = state === "scheduled" ? "Due" : state === "running" ? "Runs" : "Called";
  return html`
    ${byId ?? ""}
    <div class="scroll">
      <table class="cards list">
        <thead>
          <tr><th scope="col">Task</th><th scope="col" class="wide">Id</th>
        <th scope="col" class="num wide">Priority</th><th scope="col" class="num wide">Attempt</th><th scope="col" class="num">${last}</th>
        ${state === "dead" && !view.readOnly
          ? html`<th scope="col" class="num"><span class="unseen">Actions</span></th>`
          : ""}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>${below}
  `;
}

/** The attempts that have ended. */
export async function runsList(view: View, filter: Filter): Promise<Html> {
  const all = (await view.reading.runs()).filter((run) => filter.state !== "failed" || hasFailed(run));
  const matching = all.filter(({ id, name, error }) =>
    matches(filter, id, name, error ? view.values.error(error, name).title : "")
  );
  const from = (filter.page - 1) * PAGE;
  const items = matching.slice(from, from + PAGE);
  const byId = await exact(view, filter, new Set(items.map(({ id }) => id)));
  if (items.length === 0 && byId) return byId;
  if (!(await view.reading.workers()).recorded) return empty("Nothing is recorded", RECORDING);
  if (items.length === 0) return nothing(filter.state, isSearch(filter), false);
  const rows = items.map((run) =>
    html`
      <tr>
        <td>${taskLink(view, run)}${run.error ? html`<span class="why">${failureOf(view, run)}</span>` : ""}</td>
        <td class="nowrap">${badge(run.status)}${run.again
          ? html`
            ${badge("retrying")}
          `
          : ""}</td>
        <td class="num wide">${run.attempt > 1 ? `attempt ${run.attempt}` : ""}</td>
        <td class="wide quiet nowrap">${run.worker}</td>
        <td class="num wide">${run.started === undefined ? "–" : duration(run.ended - run.started)}</td>
        <td class="num quiet">${ago(run.ended, view.now)}</td>
      </tr>
    `
  );
  const to = from + items.length;
  const note = `${range(from, to)} of ${count(matching.length)} attempts that are remembered`;
  return html`
    ${byId ?? ""}
    <div class="scroll">
      <table class="cards list">
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">End</th>
            <th scope="col" class="num wide">Attempt</th>
            <th scope="col" class="wide">Worker</th>
            <th scope="col" class="num wide">Ran</th>
            <th scope="col" class="num">Ended</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>${pager(view, filter, { note, to, more: to < matching.length })}
  `;
}

function pager({ base }: View, filter: Filter, { note, to, more }: Excerpt): Html {
  const where = filter.state === "dead" ? "dead" : "tasks";
  const link = (place: Partial<Filter>, text: string): Html =>
    html`<a class="button" href="${base}/${where}?${toQuery({ ...filter, ...place })}">${text}</a>`;
  // A search in the storage does not know its pages: it goes on where the one before has ended.
  const goesOn = isSearch(filter) && !RECORDED.includes(filter.state);
  return html`<div class="more"><span>${note}</span><span class="actions">
    ${goesOn && filter.from > 0 ? link({ from: 0 }, "From the start") : ""}${
    goesOn && more ? link({ from: to }, "Search further") : ""
  }${!goesOn && filter.page > 1 ? link({ page: filter.page - 1 }, "Previous") : ""}${
    !goesOn && more ? link({ page: filter.page + 1 }, "Next") : ""
  }</span></div>`;
}

/** The lists of what has ended, which are all read anyway. */
const RECORDED = ["finished", "failed"];

function range(from: number, to: number): string {
  return `${count(Math.min(from + 1, to))} to ${count(to)}`;
}

const NOTHING: Readonly<Record<string, [title: string, text: string]>> = {
  queued: ["The queue is empty", "Whatever is called now runs as soon as a worker is free."],
  scheduled: [
    "Nothing is scheduled",
    "Tasks that are called with a delay or an eta, and retries that wait, appear here.",
  ],
  waiting: ["Nothing waits", "The callbacks of chords wait here for their members."],
  running: ["Nothing runs", "Tasks appear here while a worker has them in its hands."],
  finished: ["Nothing has finished yet", "Attempts appear here as soon as they have ended."],
  failed: ["No failures", "Attempts that throw, take too long or die appear here."],
  dead: ["No dead letters", "A task that nobody can run ends here, with its reason, instead of getting lost."],
};

function nothing(state: string, searched: boolean, more: boolean): Html {
  if (searched) {
    const text = more ? "There are others that were not looked at yet." : "Try fewer letters, or another state.";
    return empty("Nothing matches", html`<p>${text}</p>`);
  }
  const [title, text] = NOTHING[state] ?? ["Nothing here", "There is no such state."];
  return empty(title, html`<p>${text}</p>`);
}

/** What an attempt has thrown, without the name and the id that stand beside it anyway. */
export function failureOf({ values }: View, { id, name, status, error }: Run): string {
  return error
    ? values.error(error, name).title.replace(`Task ${name} ${id} `, "").replace(
      "HueyError: became a dead letter: ",
      "",
    )
    : status;
}

/** Whether an attempt has not done what it was to do. */
export function hasFailed({ status, error }: Run): boolean {
  return error !== undefined || ["error", "timeout", "dead"].includes(status);
}

/** A filter, as an address has it. */
export function toQuery({ state, name, search, page, from }: Filter): string {
  const query = new URLSearchParams({ state });
  if (name !== "") query.set("name", name);
  if (search !== "") query.set("q", search);
  if (page > 1) query.set("page", String(page));
  if (from > 0) query.set("from", String(from));
  return query.toString();
}

/** The ends of ids differ; their beginnings are the time. */
function shortId(id: string): string {
  return id.length > 14 ? `…${id.slice(-12)}` : id;
}
