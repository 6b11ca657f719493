import { html } from "hono/html";
import type { State, Stored } from "../mod.ts";
import { badge, taskLink, type View } from "./dashboard_layout.ts";
import { type Reading, readNote } from "./dashboard_reading.ts";
import type { Html } from "./dashboard_show.ts";

/** How many tasks a page has. */
export const PAGE = 50;
/** How far a search looks before it shows what it has found, and how many tasks it reads at once. */
const MOST_SEARCHED = 10_000;
const AT_ONCE = 1_000;
/** For how long, in milliseconds, what a search has found is shown to everybody who searches for the same. */
const KEPT = 10_000;

/** What a list is of, as the address says. */
export interface Filter {
  state: string;
  name: string;
  search: string;
  /** Of what is listed. */
  page: number;
  /** How many tasks of the state a search leaves out, since an earlier one has looked at them. */
  from: number;
}

/** What a search has found in a state. */
export interface Found {
  items: Stored[];
  /** Up to where it has looked. */
  to: number;
  /** Whether there are tasks behind that. */
  more: boolean;
}

/** Whether a filter leaves anything out. */
export function isSearch({ name, search }: Filter): boolean {
  return name !== "" || search !== "";
}

/** Whether a filter lets this through. */
export function matches({ name, search }: Filter, id: string, itsName: string, text: string): boolean {
  if (name !== "" && itsName !== name) return false;
  const wanted = search.toLowerCase();
  return wanted === "" || [id, itsName, text].some((part) => part.toLowerCase().includes(wanted));
}

/**
 * Looks through a state of the storage until a page is full, or it has looked at as many as it may at once: the next one
 * goes on from there. What moves up meanwhile may be missed.
 */
export function search(view: View, state: State, filter: Filter): Promise<Found> {
  const { name, search, from } = filter;
  return view.reading.share(
    `search ${JSON.stringify([state, name, search, from])}`,
    () => look(view, state, filter),
    KEPT,
  );
}

async function look({ reading, values }: View, state: State, filter: Filter): Promise<Found> {
  const { from } = filter;
  const found = new Map<string, Stored>(); // what moves back meanwhile is met twice
  for (let at = from;; at += AT_ONCE) {
    const looked = await reading.look(state, AT_ONCE, at);
    for (const [i, stored] of looked.entries()) {
      const { message: { id, name }, note } = stored;
      const { reason = "", error } = readNote(note);
      if (!matches(filter, id, name, `${reason} ${error ? values.error(error, name).title : ""}`)) continue;
      found.set(id, stored);
      if (found.size < PAGE) continue;
      const to = at + i + 1;
      const more = i + 1 < looked.length || (await reading.look(state, 1, to)).length > 0;
      return { items: [...found.values()], to, more };
    }
    const to = at + looked.length;
    const ended = looked.length < AT_ONCE;
    if (!ended && to - from < MOST_SEARCHED) continue;
    const more = !ended && (await reading.look(state, 1, to)).length > 0;
    return { items: [...found.values()], to, more };
  }
}

/** The task that has what is searched for as its id, in whichever state it is, also if it has ended and its outcome is kept. */
export async function exact(view: View, { search: id }: Filter, shown: ReadonlySet<string>): Promise<Html | undefined> {
  if (id === "" || shown.has(id)) return undefined;
  const { reading } = view;
  const [listed, outcome, run] = await Promise.all([
    reading.find(id),
    outcomeOf(reading, id),
    reading.runs().then((runs) => runs.find((run) => run.id === id)),
  ]);
  const status = listed?.state ?? outcome ?? run?.status;
  if (status === undefined) return undefined;
  return html`
    <ul class="rows">
      <li><div>${taskLink(view, listed?.task ?? run ?? { id, name: "Task" })}
        <span class="mono quiet">${id}</span></div>${badge(status)}</li>
    </ul>
  `;
}

async function outcomeOf(reading: Reading, id: string): Promise<string | undefined> {
  return (await reading.outcomes([id])).get(id)?.status;
}
