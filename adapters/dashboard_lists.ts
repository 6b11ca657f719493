import { html } from "hono/html";
import type { State } from "../mod.ts";
import { action, badge, empty, RECORDING, taskLink, taskPath, type View } from "./dashboard_layout.ts";
import { type Listed, MOST_LISTED, readNote } from "./dashboard_reading.ts";
import { calledAt, type Run } from "./dashboard_run.ts";
import { ago, count, duration, type Html } from "./dashboard_show.ts";

/** How many tasks a page has. */
export const PAGE = 50;

/** What a list is of, as the address says. */
export interface Filter {
  state: string;
  name: string;
  search: string;
  page: number;
}

/** What is shown of a list. */
interface Excerpt<T> {
  items: T[];
  /** How many there are, as far as is known. */
  found: number;
  /** Whether there may be more than was looked at. */
  cut: boolean;
}

/** What lies in a state of the storage. */
export async function storedList(view: View, state: State, total: number, filter: Filter): Promise<Html> {
  const { reading, base } = view;
  const searched = filter.name !== "" || filter.search !== "";
  const from = (filter.page - 1) * PAGE;
  // Without a search no more is read than is shown, however long the queue is.
  const messages = await reading.list(state, searched ? MOST_LISTED : from + PAGE);
  const matching = messages.filter(({ message: { id, name }, note }) => {
    const { reason = "", error } = readNote(note);
    return matches(filter, id, name, `${reason} ${error ? view.values.error(error, name).title : ""}`);
  });
  // An id is found however deep it lies.
  const exact = filter.search !== "" && matching.length === 0 ? await reading.find(filter.search) : undefined;
  const shown = await Promise.all(matching.slice(from, from + PAGE).map((stored) => reading.open(stored)));
  const excerpt: Excerpt<Listed> = {
    items: exact ? [exact] : shown,
    found: searched ? matching.length : Math.min(total, MOST_LISTED),
    cut: searched ? messages.length === MOST_LISTED && total > MOST_LISTED : total > MOST_LISTED,
  };
  if (excerpt.items.length === 0) return nothing(state, searched, excerpt.cut);
  const workers = state === "running" ? await reading.workers() : undefined;
  const rows = excerpt.items.map(({ task, state, deliveries, reason, error }) => {
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
    </div>${pager(view, filter, excerpt, `of ${count(total)}`)}
  `;
}

/** The attempts that have ended. */
export async function runsList(view: View, filter: Filter): Promise<Html> {
  const { recorded } = await view.reading.workers();
  if (!recorded) return empty("Nothing is recorded", RECORDING);
  const all = (await view.reading.runs()).filter((run) => filter.state !== "failed" || hasFailed(run));
  const matching = all.filter(({ id, name, error }) =>
    matches(filter, id, name, error ? view.values.error(error, name).title : "")
  );
  const from = (filter.page - 1) * PAGE;
  const items = matching.slice(from, from + PAGE);
  if (items.length === 0) return nothing(filter.state, filter.name !== "" || filter.search !== "", false);
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
  const found = Math.min(matching.length, MOST_LISTED);
  return html`
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
    </div>${pager(
      view,
      filter,
      { items, found, cut: matching.length > found },
      `of ${count(matching.length)} attempts that are remembered`,
    )}
  `;
}

function pager({ base }: View, filter: Filter, { items, found, cut }: Excerpt<unknown>, of: string): Html {
  const from = (filter.page - 1) * PAGE;
  const where = filter.state === "dead" ? "dead" : "tasks";
  const link = (page: number, text: string): Html =>
    html`<a class="button" href="${base}/${where}?${toQuery({ ...filter, page })}">${text}</a>`;
  const note = cut ? `; the first ${count(MOST_LISTED)} are listed, and any task is found by its id` : "";
  return html`<div class="more"><span>${count(from + 1)} to ${
    count(from + items.length)
  } ${of}${note}</span><span class="actions">
    ${filter.page > 1 ? link(filter.page - 1, "Previous") : ""}${
    from + PAGE < found ? link(filter.page + 1, "Next") : ""
  }</span></div>`;
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

function nothing(state: string, searched: boolean, cut: boolean): Html {
  if (searched) {
    return empty(
      "Nothing matches",
      html`<p>${
        cut
          ? `Among the first ${count(MOST_LISTED)}: the others were not looked at. Any task is found by its id.`
          : "Try fewer letters, or another state."
      }</p>`,
    );
  }
  const [title, text] = NOTHING[state] ?? ["Nothing here", "There is no such state."];
  return empty(title, html`<p>${text}</p>`);
}

function matches({ name, search }: Filter, id: string, itsName: string, text: string): boolean {
  if (name !== "" && itsName !== name) return false;
  const wanted = search.toLowerCase();
  return wanted === "" || [id, itsName, text].some((part) => part.toLowerCase().includes(wanted));
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
export function toQuery({ state, name, search, page }: Filter): string {
  const query = new URLSearchParams({ state });
  if (name !== "") query.set("name", name);
  if (search !== "") query.set("q", search);
  if (page > 1) query.set("page", String(page));
  return query.toString();
}

/** The ends of ids differ; their beginnings are the time. */
function shortId(id: string): string {
  return id.length > 14 ? `…${id.slice(-12)}` : id;
}
