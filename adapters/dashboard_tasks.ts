import { html } from "hono/html";
import type { Counts, State } from "../mod.ts";
import { confirmed, type Page, panel, SELECTED, tabs, type View } from "./dashboard_layout.ts";
import { hasFailed, runsList, storedList, toQuery } from "./dashboard_lists.ts";
import type { Run } from "./dashboard_run.ts";
import type { Filter } from "./dashboard_search.ts";
import { count, type Html } from "./dashboard_show.ts";

const STATES: readonly State[] = ["queued", "scheduled", "waiting", "running", "dead"];

/** What is searched for, in characters: ids can be long. */
const LONGEST = 1_000;
/** No list is as long. */
const FURTHEST = 1_000_000_000;

/** The tasks in a state, by name, with a search. */
export async function tasks(view: View): Promise<Page> {
  const { reading, query } = view;
  const counts = await reading.counts();
  const filter = readFilter(query);
  const stored = STATES.find((state) => state === filter.state);
  const [list, runs] = await Promise.all([
    stored ? storedList(view, stored, counts[stored], filter) : runsList(view, filter),
    reading.runs(),
  ]);
  const names = new Set([...view.huey.core.registry.list(), ...runs].map(({ name }) => name));
  return {
    title: "Tasks",
    current: "tasks",
    body: html`<div class="panel">
    <div id="states" data-live>${stateTabs(view, filter, counts, runs)}</div>
    ${filterForm(view, filter, [...names].sort())}
    <div id="list" data-live>${list}</div></div>`,
  };
}

/** The dead letters. */
export async function deadLetters(view: View): Promise<Page> {
  const counts = await view.reading.counts();
  const filter = { ...readFilter(view.query), state: "dead" };
  const many = `${count(counts.dead)} dead ${counts.dead === 1 ? "letter" : "letters"}`;
  return {
    title: "Dead letters",
    current: "dead",
    beside: counts.dead === 0 || view.readOnly ? html`` : html`<div class="actions">
      ${confirmed(view, "dead/retry", "Retry all", `Put ${many} back into the queue?`, "primary")}
      ${
      confirmed(view, "dead/delete", "Delete all", `Delete ${many} for good? What they were to do is lost.`, "danger")
    }</div>`,
    body: panel(
      "dead",
      "Tasks that will not run again by themselves",
      await storedList(view, "dead", counts.dead, filter),
      html`<span>Mend the cause, then retry</span>`,
    ),
  };
}

function readFilter(query: URLSearchParams): Filter {
  const whole = (name: string, least: number): number => {
    const number = Number(query.get(name) ?? least);
    return Number.isInteger(number) && number >= least && number <= FURTHEST ? number : least;
  };
  return {
    state: query.get("state") ?? "queued",
    name: query.get("name") ?? "",
    search: (query.get("q") ?? "").trim().slice(0, LONGEST),
    page: whole("page", 1),
    from: whole("from", 0),
  };
}

function stateTabs({ base }: View, filter: Filter, counts: Counts, runs: readonly Run[]): Html {
  const entries: [state: string, text: string, number?: number][] = [
    ["queued", "Queued", counts.queued],
    ["scheduled", "Scheduled", counts.scheduled],
    ...(counts.waiting > 0 || filter.state === "waiting"
      ? [["waiting", "Waiting", counts.waiting] as [string, string, number]]
      : []),
    ["running", "Running", counts.running],
    ["finished", "Finished", runs.length],
    ["failed", "Failed", runs.filter(hasFailed).length],
    ["dead", "Dead", counts.dead],
  ];
  return tabs(
    "State",
    entries.map(([state, text, number]) => ({
      href: `${base}/tasks?${toQuery({ ...filter, state, page: 1, from: 0 })}`,
      text,
      number,
      current: state === filter.state,
    })),
  );
}

function filterForm({ base }: View, { state, name, search }: Filter, names: string[]): Html {
  const all = name === "" || names.includes(name) ? names : [name, ...names];
  return html`<form class="filter" method="get" action="${base}/tasks" role="search">
    <input type="hidden" name="state" value="${state}">
    <label class="grow">Search by id, name or error<input type="search" name="q" value="${search}" autocomplete="off" spellcheck="false"></label>
    <label>Function<select name="name"><option value="">All</option>${
    all.map((one) =>
      html`
        <option value="${one}" ${one === name ? SELECTED : ""}>${one}</option>
      `
    )
  }</select></label>
    <button>Search</button></form>`;
}
