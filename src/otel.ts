/**
 * OpenTelemetry: a span for each call and each run of a task, joined over processes, and metrics, by the semantic
 * conventions for messaging. Needs `@opentelemetry/api`; where spans go is for the program to say, or for the runtime
 * (Deno: `OTEL_DENO=true`).
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 * import { instrument } from "@hq/huey/otel";
 *
 * const huey = new Huey("my-app");
 * instrument(huey);
 * ```
 *
 * @module
 */
import {
  type Attributes,
  context,
  type Meter,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { Interrupted, LeaseLost } from "./attempt.ts";
import { CancelExecution, ConfigurationError, RetryTask, TaskCanceled } from "./errors.ts";
import type { Huey } from "./huey.ts";
import type { Interceptor } from "./interceptor.ts";
import { Task } from "./task.ts";

/** For {@linkcode instrument}. */
export interface InstrumentOptions {
  /** OpenTelemetry's `TracerProvider`, with which spans are made; absent: the one that the program has registered. */
  tracerProvider?: { getTracer(name: string): unknown };
  /** OpenTelemetry's `MeterProvider`, with which metrics are made; absent: the one that the program has registered. */
  meterProvider?: { getMeter(name: string): unknown };
}

const SCOPE = "@hq/huey";
/** As the conventions advise for durations, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Ends of a run that are nobody's fault. */
const HARMLESS = [RetryTask, CancelExecution, TaskCanceled, Interrupted, LeaseLost];

/**
 * Has each call that enqueues make a span `send <queue> <task>`, and each run one `process <queue> <task>`. The run is a
 * child of the call's, as its `traceparent` travels in the message; one that was to run later, or is run again after a
 * delay, begins a trace of its own, with a link to the call. What the task does, and what it enqueues, is below its run.
 *
 * Metrics: `messaging.client.sent.messages`, `messaging.client.operation.duration`, `messaging.client.consumed.messages`
 * and `messaging.process.duration`, in seconds. Arguments and values are in none of them.
 *
 * Call it in every process that enqueues or runs, before it does. Gives the function that ends it.
 *
 * @throws {ConfigurationError} if this instance is instrumented already.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 * import { instrument } from "@hq/huey/otel";
 *
 * const huey = new Huey("docs");
 * const greet = huey.task("greet", (who: string) => `hello ${who}`);
 *
 * const end = instrument(huey);
 * await greet("ada"); // a span "send docs greet"
 * await huey.drain(); // a span "process docs greet", in the same trace
 * end();
 * ```
 */
export function instrument(huey: Huey, options: InstrumentOptions = {}): () => void {
  const { core } = huey;
  if (core.interceptor) throw new ConfigurationError(`Huey ${core.name} is instrumented already: do so once`);
  core.interceptor = new Telemetry(huey, options);
  return () => void (core.interceptor = undefined);
}

class Telemetry implements Interceptor {
  readonly #queue: string;
  readonly #now: () => number;
  readonly #tracer;
  readonly #sent;
  readonly #consumed;
  readonly #sending;
  readonly #processing;

  constructor({ core }: Huey, { tracerProvider = trace, meterProvider = metrics }: InstrumentOptions) {
    this.#queue = core.name;
    this.#now = () => core.clock.now();
    this.#tracer = tracerProvider.getTracer(SCOPE) as Tracer;
    const meter = meterProvider.getMeter(SCOPE) as Meter;
    const duration = { unit: "s", advice: { explicitBucketBoundaries: BUCKETS } };
    this.#sent = meter.createCounter("messaging.client.sent.messages", {
      description: "Tasks that were enqueued, or could not be",
      unit: "{message}",
    });
    this.#consumed = meter.createCounter("messaging.client.consumed.messages", {
      description: "Runs that were begun",
      unit: "{message}",
    });
    this.#sending = meter.createHistogram("messaging.client.operation.duration", {
      description: "How long it took to enqueue",
      ...duration,
    });
    this.#processing = meter.createHistogram("messaging.process.duration", {
      description: "How long a task ran",
      ...duration,
    });
  }

  async enqueue<One extends { task: Task }, T>(
    tasks: readonly One[],
    enqueue: (tasks: readonly One[]) => Promise<T>,
  ): Promise<T> {
    const names = new Set(tasks.map(({ task }) => task.name));
    const attributes = this.#attributes("send", names.size === 1 ? tasks[0].task.name : undefined);
    const span = this.#tracer.startSpan(this.#spanName(attributes), {
      kind: SpanKind.PRODUCER,
      attributes: {
        ...attributes,
        ...tasks.length === 1
          ? { "messaging.message.id": tasks[0].task.id }
          : { "messaging.batch.message_count": tasks.length },
      },
    });
    const inside = trace.setSpan(context.active(), span);
    const carrier: Record<string, string> = {};
    propagation.inject(inside, carrier);
    // Without an SDK there is nothing to carry.
    const travelling = Object.keys(carrier).length > 0
      ? tasks.map((one) => ({ ...one, task: new Task({ ...one.task.fields, carrier }) }))
      : tasks;
    return await this.#measure(
      span,
      attributes,
      () => context.with(inside, () => enqueue(travelling)),
      (all, seconds) => {
        this.#sent.add(tasks.length, all);
        this.#sending.record(seconds, all);
      },
    );
  }

  async run<T>(task: Task, run: () => Promise<T>): Promise<T> {
    // What is active here is whatever woke the worker, which may have nothing to do with the task.
    const from = propagation.extract(ROOT_CONTEXT, task.fields.carrier ?? {});
    const sender = trace.getSpanContext(from);
    const isDelayed = task.eta !== undefined;
    const attributes = this.#attributes("process", task.name);
    const span = this.#tracer.startSpan(this.#spanName(attributes), {
      kind: SpanKind.CONSUMER,
      root: isDelayed,
      links: isDelayed && sender ? [{ context: sender }] : [],
      attributes: { ...attributes, "messaging.message.id": task.id, "huey.task.attempt": task.attempt },
    }, from);
    const inside = trace.setSpan(from, span);
    this.#consumed.add(1, attributes);
    return await this.#measure(span, attributes, () => context.with(inside, run), (all, seconds) => {
      this.#processing.record(seconds, all);
    });
  }

  #attributes(operation: "send" | "process", task: string | undefined): Attributes {
    return {
      "messaging.system": "huey",
      "messaging.destination.name": this.#queue,
      "messaging.operation.name": operation,
      "messaging.operation.type": operation,
      ...task === undefined ? {} : { "huey.task.name": task },
    };
  }

  #spanName(attributes: Attributes): string {
    return ["messaging.operation.name", "messaging.destination.name", "huey.task.name"]
      .flatMap((key) => attributes[key] ?? []).join(" ");
  }

  async #measure<T>(
    span: Span,
    attributes: Attributes,
    what: () => Promise<T>,
    record: (attributes: Attributes, seconds: number) => void,
  ): Promise<T> {
    const since = this.#now();
    let failed: Attributes = {};
    try {
      return await what();
    } catch (error) {
      if (!HARMLESS.some((type) => error instanceof type)) {
        const exception = error instanceof Error ? error : String(error);
        failed = { "error.type": exception instanceof Error ? exception.name : "_OTHER" };
        span.setAttributes(failed).recordException(exception);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      throw error;
    } finally {
      record({ ...attributes, ...failed }, Math.max(0, this.#now() - since) / 1_000);
      span.end();
    }
  }
}
