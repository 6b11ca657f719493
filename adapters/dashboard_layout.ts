import { html, raw } from "hono/html";
import type { Counts, Huey } from "../mod.ts";
import type { Reading } from "./dashboard_reading.ts";
import { count, type Html, type Values } from "./dashboard_show.ts";

/** What marks an entry as the one that is shown. */
export const HERE: Html = raw(' aria-current="true"');
/** What marks a choice as taken. */
export const SELECTED: Html = raw(" selected");

/** What every page is made from. */
export interface View {
  huey: Huey;
  reading: Reading;
  values: Values;
  /** What every address begins with: empty, or as `/admin/huey`. */
  base: string;
  /** Whether this viewer may only look. */
  readOnly: boolean;
  /** Whether the server tells the page of changes. */
  events: boolean;
  /** Names the style sheet and the script that belong to this version. */
  version: string;
  now: number;
  query: URLSearchParams;
}

/** A page, apart from what all have in common. */
export interface Page {
  title: string;
  /** The entry of the navigation that it belongs to. */
  current: string;
  body: Html;
  /** Beside the title. */
  beside?: Html;
}

/** What an action has done, as the address of the page that follows names it. */
const DONE: Readonly<Record<string, string>> = {
  canceled: "The task was canceled, or told to stop if it was running.",
  revoked: "The task is revoked: it will not run.",
  restored: "The revocation was taken back.",
  retried: "Back in the queue.",
  deleted: "Deleted.",
  paused: "The schedule is paused.",
  resumed: "The schedule goes on.",
  started: "Enqueued; it runs as soon as a worker is free.",
  nothing: "There was nothing left to do: somebody was faster, or the task has moved on.",
};

/** The whole of a page. */
export async function layout(view: View, { title, current, body, beside }: Page): Promise<Html> {
  const { base, huey, version, events } = view;
  const counts = await view.reading.counts();
  const done = DONE[view.query.get("done") ?? ""];
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>${title} · ${huey.name} · Huey</title>
        <link rel="icon" href="${base}/assets/icon.svg">
        <link rel="stylesheet" href="${base}/assets/${version}.css">
        <script src="${base}/assets/${version}.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <div class="side">
          <a class="brand" href="${base}/">
        ${LOGO}
        <div><b>Huey</b><span>${huey.name}</span></div>
      </a>
          <nav aria-label="Pages" id="nav" data-live>${navigation(view, current, counts)}</nav>
          <footer>
        <span id="live" class="live" role="status" data-events="${events ? `${base}/events` : ""}">As of now</span>
        ${view.readOnly && html`<span>Read-only</span>`}
      </footer>
        </div>
        <main id="main" tabindex="-1">
      <header><h1>${title}</h1>${beside}</header>
      ${done && html`<p class="notice" role="status">${done}</p>`}
      ${body}
        </main>
      </body>
    </html>
  `;
}

function navigation({ base }: View, current: string, counts: Counts): Html {
  const waiting = counts.queued + counts.scheduled + counts.waiting + counts.running;
  const entries: [path: string, title: string, number?: number, shade?: string][] = [
    ["", "Overview"],
    ["tasks", "Tasks", waiting],
    ["names", "Functions"],
    ["dead", "Dead letters", counts.dead, "bad"],
    ["schedules", "Schedules"],
    ["workers", "Workers"],
  ];
  const items = entries.map(([path, title, number, shade = "quiet"]) =>
    html`<li><a href="${base}/${path}"${path === current ? HERE : ""}>${title}${
      number ? html`<i class="${shade}">${count(number)}</i>` : ""
    }</a></li>`
  );
  return html`<ul>${items}</ul>`;
}

/** A part of a page with a frame and a title. */
export function panel(id: string, title: string, body: Html, beside: Html | string = ""): Html {
  return html`<section class="panel" aria-labelledby="${id}-title" id="${id}" data-live>
  <header><h2 id="${id}-title">${title}</h2>${beside}</header>
  ${body}
</section>`;
}

/** What stands where there is nothing to show. */
export function empty(title: string, body: Html | string): Html {
  return html`<div class="empty"><b>${title}</b>${body}</div>`;
}

/** What there is to do to have a history. */
export const RECORDING: Html =
  html`<p>Finished tasks, throughput and workers are shown once the processes that run tasks record them:</p>
<pre><code>import { recordHistory } from "@hq/huey/dashboard";

recordHistory(huey);</code></pre>`;

const SHADES: Readonly<Record<string, string>> = {
  complete: "good",
  error: "bad",
  dead: "bad",
  timeout: "bad",
  running: "busy",
  retrying: "warn",
  redelivered: "warn",
  locked: "warn",
  "rate-limited": "warn",
  canceled: "warn",
  revoked: "warn",
  expired: "warn",
  scheduled: "later",
  waiting: "later",
  paused: "warn",
};

/** A word for what a task is doing, or how it has ended. */
export function badge(word: string): Html {
  return html`<span class="badge ${SHADES[word] ?? ""}">${word}</span>`;
}

/** Where a task's page is. */
export function taskPath(id: string): string {
  return `tasks/${encodeURIComponent(id)}`;
}

/** A task's name, as a link to its page, with its arguments in one line. */
export function taskLink(
  { base, values }: View,
  task: { id: string; name: string; args?: readonly unknown[]; fields?: { schedule?: string } },
): Html {
  const { id, name, args, fields } = task;
  const line = args && values.line(args, name);
  // What waits for the next slot of a schedule is no task yet.
  const schedule = fields?.schedule === undefined ? "" : html`
    ${badge(`schedule ${fields.schedule}`)}
  `;
  return html`<div class="task"><a class="name" href="${base}/${taskPath(id)}">${name}</a>${schedule}${
    line ? html`<code class="args" title="${line}">${line}</code>` : ""
  }</div>`;
}

/** A button that does something. */
export function action(view: View, path: string, text: string, shade = ""): Html {
  return html`<form method="post" action="${view.base}/${path}"><button class="${shade}">${text}</button></form>`;
}

/** A button that does something after a second one was pressed, also without scripts. */
export function confirmed(view: View, path: string, text: string, question: string, shade = ""): Html {
  return html`
    <details class="ask" id="ask-${path}">
      <summary class="button ${shade}">${text}</summary>
      <form method="post"
        action="${view.base}/${path}"><p>${question}</p><button class="${shade}">${text}</button></form>
    </details>
  `;
}

/** A list of choices of which one is taken. */
export function tabs(
  label: string,
  entries: { href: string; text: string; number?: number; current: boolean }[],
): Html {
  const links = entries.map(({ href, text, number, current }) =>
    html`
      <a href="${href}" ${current ? HERE : ""}>${text}${number === undefined ? "" : html`<i>${count(number)}</i>`}</a>
    `
  );
  return html`<nav class="tabs" aria-label="${label}">${links}</nav>`;
}

const LOGO: Html = html`
  <svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true">
    <rect width="28" height="28" rx="7" fill="#2a2722" />
    <path d="M7 8h4v12H7zM17 8h4v12h-4z" fill="#f2b45c" />
    <path d="M11 12.5h6v3h-6z" fill="#fff" />
  </svg>
`;
