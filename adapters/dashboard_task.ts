import { html, raw } from "hono/html";
import type { Outcome, TaskFields } from "../mod.ts";
import { spanBar } from "./dashboard_chart.ts";
import { action, badge, confirmed, type Page, panel, taskPath, type View } from "./dashboard_layout.ts";
import type { Listed } from "./dashboard_reading.ts";
import { calledAt, type Run } from "./dashboard_run.ts";
import { ago, duration, type Html } from "./dashboard_show.ts";

/** Everything that is known of one task. */
interface Life {
  id: string;
  name: string;
  args?: readonly unknown[];
  status: string;
  listed?: Listed;
  outcome?: Outcome;
  progress: unknown;
  revoked: boolean;
  /** Its attempts, the first one first. */
  runs: Run[];
  /** Which worker has it now, and since when. */
  begun?: { worker: string; at: number };
}

/** A stage of a pipeline, or what belongs to it. */
interface Node {
  id: string;
  name: string;
  note: string;
  aside?: true;
}

/** The page of one task, or nothing where nobody knows of it. */
export async function task(view: View, id: string): Promise<Page | undefined> {
  const life = await readLife(view, id);
  if (!life) return undefined;
  const nodes = await pipeline(view, life);
  return {
    title: life.name,
    current: "tasks",
    beside: html`${badge(life.status)}${view.readOnly ? "" : actions(view, life)}`,
    body: html`
      <div class="panel" id="facts" data-live>${facts(view, life)}</div>
      ${nodes.length > 1 ? panel("pipeline", "Pipeline", await flow(view, nodes, id)) : ""}
      <div class="two">
        ${panel("attempts", "Attempts", attempts(view, life))}
        ${panel("values", "Values", shownValues(view, life))}
      </div>
    `,
  };
}

async function readLife({ reading, huey }: View, id: string): Promise<Life | undefined> {
  const [listed, outcomes, all, progress, revoked, { running }] = await Promise.all([
    reading.find(id),
    reading.outcomes([id]),
    reading.runs(),
    reading.progress(id),
    huey.isRevoked(id),
    reading.workers(),
  ]);
  const runs = all.filter((run) => run.id === id).sort((a, b) => a.ended - b.ended);
  const outcome = outcomes.get(id);
  const last = runs.at(-1);
  const planned = all.flatMap(({ stages = [] }) => stages).find(([stage]) => stage === id);
  const name = listed?.task.name ?? last?.name ?? planned?.[1] ?? (outcome ? "Task" : undefined);
  if (name === undefined) return undefined;
  const resting = listed && (listed.state === "scheduled" && listed.task.attempt > 1 ? "retrying" : listed.state);
  return {
    ...{ id, name, listed, outcome, progress, revoked, runs },
    args: listed?.task.args ?? last?.args,
    status: resting ?? (outcome && !outcome.intermediate ? outcome.status : last?.status ?? "unknown"),
    begun: listed?.state === "running" ? running.get(id) : undefined,
  };
}

function actions(view: View, { id, listed, revoked }: Life): Html {
  const path = taskPath(id);
  if (!listed || listed.task.fields.schedule !== undefined) return html``;
  if (listed.state === "dead") {
    return html`<div class="actions">${action(view, `${path}/retry`, "Retry", "primary")}
      ${confirmed(view, `${path}/delete`, "Delete", "Delete this dead letter for good?", "danger")}</div>`;
  }
  const question = listed.state === "running"
    ? "Abort it? Its signal is aborted, and what it has done stays done."
    : "Take it out? It will not run.";
  return html`<div class="actions">${
    revoked ? action(view, `${path}/restore`, "Take revocation back") : action(view, `${path}/revoke`, "Revoke")
  }${confirmed(view, `${path}/cancel`, "Cancel", question, "danger")}</div>`;
}

function facts({ now }: View, { id, listed, outcome, runs, begun, revoked, progress }: Life): Html {
  const called = calledAt(id);
  const task = listed?.task;
  const ran = runs.filter(({ started }) => started !== undefined).map(({ started, ended }) => ended - started!);
  const entries: [name: string, value: Html | string | number | undefined][] = [
    ["Id", html`<code>${id}</code>`],
    ["Called", called === undefined ? undefined : ago(called, now)],
    ["Due", task?.eta === undefined ? undefined : ago(task.eta, now)],
    ["Running for", begun && duration(now - begun.at)],
    ["Worker", begun?.worker ?? runs.at(-1)?.worker],
    ["Ended", listed || !outcome ? undefined : ago(outcome.at, now)],
    ["Ran", ran.length === 0 ? undefined : duration(ran.reduce((sum, ms) => sum + ms, 0))],
    ["Attempt", task?.attempt ?? outcome?.attempt],
    ["Retries left", task?.retries],
    ["Priority", task?.priority],
    ["Handed out", listed && listed.deliveries > 1 ? `${listed.deliveries} times` : undefined],
    ["Expires", task?.expires === undefined ? undefined : ago(task.expires, now)],
    ["Progress", typeof progress === "number" ? String(progress) : undefined],
    ["Revoked", revoked ? "yes" : undefined],
  ];
  const shown = entries.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">${
    shown.map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

function attempts(view: View, { listed, outcome, runs, name, begun }: Life): Html {
  const items = runs.map((run) => {
    const waited = run.attempt === 1 && run.due !== undefined && run.started !== undefined
      ? Math.max(0, run.started - run.due)
      : 0;
    const ran = run.started === undefined ? 0 : run.ended - run.started;
    return html`<li><div class="head"><b>Attempt ${run.attempt}</b>${badge(run.status)}${
      run.again ? badge("retrying") : ""
    }
      <span class="quiet">${run.started === undefined ? "not begun" : `ran ${duration(ran)}`}${
      waited > 0 ? `, waited ${duration(waited)}` : ""
    } · ${run.worker} · ${ago(run.ended, view.now)}</span></div>
      ${run.started === undefined ? "" : spanBar(waited, ran)}
      ${run.error ? failure(view, run.error, name, `error-${run.ended}`, run === runs.at(-1)) : ""}</li>`;
  });
  if (runs.length === 0 && outcome?.status === "error") {
    items.push(
      html`<li><div class="head"><b>Attempt ${outcome.attempt}</b>${badge("error")}<span class="quiet">${
        ago(outcome.at, view.now)
      }</span></div>
      ${failure(view, outcome.error, name, "error-last", true)}</li>`,
    );
  }
  if (listed?.state === "dead") {
    items.push(html`
      <li>
        <div class="head"><b>Dead letter</b>${badge("dead")}</div>
        <p class="quiet">${listed.reason}</p>${listed.error
          ? html`<p class="why">${view.values.error(listed.error, name).title}</p>`
          : ""}
      </li>
    `);
  } else if (listed) {
    const { task, state } = listed;
    items.push(html`
      <li>
        <div class="head"><b>Attempt ${task.attempt}</b>${badge(state)}<span class="quiet">${begun
          ? html`${begun.worker}, for ${duration(view.now - begun.at)}`
          : task.eta !== undefined && task.eta > view.now
          ? html`due ${ago(task.eta, view.now)}`
          : ""}</span></div>
      </li>
    `);
  }
  if (items.length === 0) {
    return html`<p class="quiet">Its attempts are not remembered any more, or were not recorded.</p>`;
  }
  return html`<ol class="attempts">${items}</ol>`;
}

function failure(view: View, error: NonNullable<Run["error"]>, name: string, id: string, open: boolean): Html {
  const { title, stack } = view.values.error(error, name);
  // The stack begins with the title again.
  const rest = (stack.startsWith(title) ? stack.slice(title.length) : stack).trim().replace(/\n\s+/g, "\n");
  if (rest === "") return html`<p class="why">${title}</p>`;
  return html`
    <details id="${id}" ${open ? raw(" open") : ""}>
      <summary>${title}</summary>
      <pre tabindex="0" aria-label="Stack"><code>${rest}</code></pre>
    </details>
  `;
}

function shownValues({ values }: View, { args, outcome, progress, name, listed }: Life): Html {
  const block = (title: string, text: string): Html =>
    html`
      <div>
        <h3>${title}</h3>
        <pre tabindex="0" aria-label="${title}"><code>${text}</code></pre>
      </div>
    `;
  const blocks: Html[] = args === undefined ? [] : args.map((value, index) =>
    block(
      args.length === 1 ? "Argument" : `Argument ${index + 1}`,
      values.text(value, { kind: "argument", task: name, index }),
    )
  );
  if (progress !== undefined) blocks.push(block("Progress", values.text(progress, { kind: "progress", task: name })));
  if (!listed && outcome?.status === "complete") {
    blocks.push(block("Result", values.text(outcome.value, { kind: "result", task: name })));
  }
  const note = args === undefined
    ? "Its arguments are not kept any more: they are too large, or were not recorded."
    : args.length === 0
    ? "It was called without arguments."
    : "";
  return html`<div class="body values">${note && html`<p class="quiet">${note}</p>`}${blocks}</div>`;
}

/** The pipeline that the task is part of, as far as it is known. */
async function pipeline({ reading }: View, { id, name, listed, runs }: Life): Promise<Node[]> {
  const all = await reading.runs();
  // Each stage knows those that come after it, so the one that knows most is the first.
  const before = all.filter(({ stages }) => stages?.some(([stage]) => stage === id));
  const first = before.sort((a, b) => b.stages!.length - a.stages!.length)[0];
  const own = runs.findLast(({ stages }) => stages)?.stages;
  const fields = listed?.task.fields;
  const after = fields?.stages?.map(({ id, name }): [string, string] => [id, name]) ?? own ?? [];
  const chain: [string, string][] = first ? [[first.id, first.name], ...first.stages!] : [[id, name], ...after];
  const nodes: Node[] = chain.map(([id, name]) => ({ id, name, note: "" }));
  const join = fields?.join ?? fields?.stages?.at(-1)?.join;
  if (join) {
    nodes.push({
      id: join.id,
      name: (await reading.find(join.id))?.task.name ?? "Chord",
      note: `callback of a chord, part ${join.index + 1}`,
    });
  }
  if (fields?.handler) nodes.push({ ...handlerOf(fields.handler), aside: true });
  return nodes;
}

function handlerOf({ id, name }: TaskFields): Node {
  return { id, name, note: "if it fails" };
}

async function flow({ reading, base }: View, nodes: Node[], here: string): Promise<Html> {
  const [outcomes, found] = await Promise.all([
    reading.outcomes(nodes.map(({ id }) => id)),
    Promise.all(nodes.map(({ id }) => reading.find(id))),
  ]);
  const items = nodes.map(({ id, name, note, aside }, i) => {
    const status = found[i]?.state ?? outcomes.get(id)?.status;
    const shade = `node${id === here ? " here" : ""}${aside ? " side-path" : ""}`;
    const inside = html`<b>${name}</b>${status ? badge(status) : html`<small>${note || "still to come"}</small>`}${
      status && note ? html`<small>${note}</small>` : ""
    }`;
    return html`<li>${
      id === here
        ? html`<span class="${shade}" aria-current="true">${inside}</span>`
        : html`<a class="${shade}" href="${base}/${taskPath(id)}">${inside}</a>`
    }</li>`;
  });
  return html`<ol class="flow">${items}</ol>`;
}
