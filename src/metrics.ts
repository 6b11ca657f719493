/**
 * Metrics as Prometheus reads them: how full the queue is, and what this process did.
 *
 * @example
 * ```ts ignore
 * import { createMetricsHandler } from "@hq/huey/metrics";
 * import { huey } from "./tasks.ts";
 *
 * Deno.serve({ port: 9464 }, createMetricsHandler(huey));
 * ```
 *
 * @module
 */
import { isBearer, toSecrets } from "./bearer.ts";
import { describeError } from "./errors.ts";
import type { Huey } from "./huey.ts";
import { log } from "./log.ts";
import type { Signal } from "./signals.ts";
import type { Task } from "./task.ts";

/** For {@linkcode createMetricsHandler}. */
export interface MetricsOptions {
  /** What the caller must show as `Authorization: Bearer …`; absent: everybody may read. */
  secret?: string | readonly string[];
}

/** Answers a request with the metrics. */
export type MetricsHandler = (request: Request) => Promise<Response>;

/** In seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300];
const ENDS: readonly Signal[] = ["complete", "error", "timeout", "canceled", "revoked", "interrupted"];

/**
 * Makes a handler that answers a GET with metrics in the text format of Prometheus, wherever it is mounted:
 *
 * - `huey_tasks` (by `state`) and `huey_results`: what is in the storage, the same from every process;
 * - `huey_signals_total` (by `task` and `signal`): what happened to tasks in this process, since this was called;
 * - `huey_task_duration_seconds` (by `task`): how long they ran here;
 * - `huey_storage_requests_total`: what this process has asked of the storage, and `huey_storage_up`: 0 if it does not
 *   answer; all but the first line is answered then, too.
 *
 * Each answer costs one request to the storage. It tells names of tasks and how many there are, nothing of arguments.
 */
export function createMetricsHandler(huey: Huey, options: MetricsOptions = {}): MetricsHandler {
  const secrets = toSecrets(options.secret);
  const tally = new Tally(huey);
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Send a GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
    }
    if (secrets.length > 0 && !await isBearer(request, secrets)) {
      const headers = { "www-authenticate": "Bearer" };
      return new Response("Send Authorization: Bearer with the secret\n", { status: 401, headers });
    }
    const body = [...await stored(huey), ...tally.lines()].join("\n");
    return new Response(`${body}\n`, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } });
  };
}

async function stored(huey: Huey): Promise<string[]> {
  const queue = huey.core.name;
  try {
    const { results, ...states } = await huey.counts();
    return [
      ...family("huey_storage_up", "gauge", "Whether the storage answers", [sample({ queue }, 1)]),
      ...family(
        "huey_tasks",
        "gauge",
        "Tasks in each state",
        Object.entries(states).map(([state, count]) => sample({ queue, state }, count)),
      ),
      ...family("huey_results", "gauge", "Outcomes that are kept", [sample({ queue }, results)]),
    ];
  } catch (error) {
    log("metrics")?.warn("The storage does not answer: {error}", { error: describeError(error) });
    return family("huey_storage_up", "gauge", "Whether the storage answers", [sample({ queue }, 0)]);
  }
}

/** How long the runs of one task were. */
interface Durations {
  /** Those that were not longer than the bucket, each without those of the bucket before. */
  buckets: number[];
  count: number;
  sum: number;
}

/** What this process did. */
class Tally {
  readonly #huey: Huey;
  readonly #signals = new Map<string, Map<Signal, number>>();
  readonly #durations = new Map<string, Durations>();
  /** By task and not by id, so that one whose lease was lost is forgotten with its task. */
  readonly #started = new WeakMap<Task, number>();

  constructor(huey: Huey) {
    this.#huey = huey;
    huey.signal((signal, task) => this.#count(signal, task));
  }

  /** All of it, as text. */
  lines(): string[] {
    const { name: queue, storage } = this.#huey.core;
    const signals = [...this.#signals].flatMap(([task, counts]) =>
      Array.from(counts, ([signal, count]) => sample({ queue, task, signal }, count))
    );
    return [
      ...family("huey_signals_total", "counter", "What happened to tasks in this process", signals),
      ...family("huey_task_duration_seconds", "histogram", "How long tasks ran in this process", this.#histograms()),
      ...family("huey_storage_requests_total", "counter", "Requests to the storage by this process", [
        sample({ queue }, storage.requests),
      ]),
    ];
  }

  #count(signal: Signal, task: Task): void {
    const counts = this.#signals.get(task.name) ?? new Map<Signal, number>();
    this.#signals.set(task.name, counts.set(signal, (counts.get(signal) ?? 0) + 1));
    const now = this.#huey.core.clock.now();
    if (signal === "executing") this.#started.set(task, now);
    const since = ENDS.includes(signal) ? this.#started.get(task) : undefined;
    if (since === undefined) return;
    this.#started.delete(task);
    this.#measure(task.name, Math.max(0, now - since) / 1_000);
  }

  #measure(task: string, seconds: number): void {
    const durations = this.#durations.get(task) ?? { buckets: BUCKETS.map(() => 0), count: 0, sum: 0 };
    this.#durations.set(task, durations);
    const at = BUCKETS.findIndex((most) => seconds <= most);
    if (at >= 0) durations.buckets[at]++;
    durations.count++;
    durations.sum += seconds;
  }

  #histograms(): string[] {
    const queue = this.#huey.core.name;
    return [...this.#durations].flatMap(([task, { buckets, count, sum }]) => {
      let below = 0;
      return [
        ...BUCKETS.map((most, i) => `_bucket${sample({ queue, task, le: String(most) }, below += buckets[i])}`),
        `_bucket${sample({ queue, task, le: "+Inf" }, count)}`,
        `_sum${sample({ queue, task }, sum)}`,
        `_count${sample({ queue, task }, count)}`,
      ];
    });
  }
}

function family(name: string, type: "gauge" | "counter" | "histogram", about: string, samples: string[]): string[] {
  if (samples.length === 0) return [];
  return [`# HELP ${name} ${about}.`, `# TYPE ${name} ${type}`, ...samples.map((sample) => `${name}${sample}`)];
}

function sample(labels: Record<string, string>, value: number): string {
  const shown = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
  return `{${shown.join(",")}} ${value}`;
}

function escape(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
