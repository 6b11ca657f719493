import { test } from "node:test";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigurationError, every, Huey, RetryTask } from "@hq/huey";
import { instrument } from "@hq/huey/otel";
import { runAll, TestClock } from "@hq/huey/testing";
import { eventually } from "./eventually.ts";
import { listen } from "./http_listener.ts";
import { inSandbox, ownRuntime } from "./sandbox.ts";

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

/** A queue that is watched by OpenTelemetry's own SDK. */
function watched() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const clock = new TestClock("2026-01-01T00:00:00Z");
  const huey = new Huey("shop", { clock });
  const end = instrument(huey, { tracerProvider, meterProvider });
  return {
    huey,
    clock,
    end,
    tracer: tracerProvider.getTracer("test"),
    /** The one span of this name, or of several the one at this place. */
    span: (name: string, at = 0): ReadableSpan => {
      const spans = exporter.getFinishedSpans();
      const found = spans.filter((span) => span.name === name)[at];
      assert(found, `no span ${name} among ${spans.map((span) => span.name)}`);
      return found;
    },
    count: (): number => exporter.getFinishedSpans().length,
    /** The data points of a metric, as `value` or `count` by their attributes. */
    points: async (name: string) => {
      await meterProvider.forceFlush();
      const metrics = measured.getMetrics().at(-1)!.scopeMetrics.flatMap(({ metrics }) => metrics);
      const found = metrics.find(({ descriptor }) => descriptor.name === name)!;
      return {
        unit: found.descriptor.unit,
        points: found.dataPoints.map(({ attributes, value }) => ({ attributes, value })),
      };
    },
    close: () => meterProvider.shutdown(),
  };
}

test("a run is a child of the call, which is a child of what called, and each says what it is", async () => {
  const { huey, tracer, span, close } = watched();
  const greet = huey.task("greet", (who: string) => `hello ${who}`);
  const { id } = await tracer.startActiveSpan("request", async (request) => {
    const result = await greet("swordfish");
    request.end();
    return result;
  });
  await huey.drain();
  const [request, send, process] = [span("request"), span("send shop greet"), span("process shop greet")];
  assertEquals([send.kind, process.kind], [SpanKind.PRODUCER, SpanKind.CONSUMER]);
  assertEquals(send.parentSpanContext?.spanId, request.spanContext().spanId);
  assertEquals(process.parentSpanContext?.spanId, send.spanContext().spanId);
  assertEquals(process.spanContext().traceId, request.spanContext().traceId);
  const common = {
    "messaging.system": "huey",
    "messaging.destination.name": "shop",
    "messaging.message.id": id,
    "huey.task.name": "greet",
  };
  assertEquals(send.attributes, {
    ...common,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
  });
  assertEquals(process.attributes, {
    ...common,
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "huey.task.attempt": 1,
  });
  assertEquals(
    JSON.stringify([send, process].map(({ events, attributes }) => [events, attributes])).includes("sword"),
    false,
  );
  await close();
});

test("what a task does and enqueues is below its run, also after a wait", async () => {
  const { huey, span, tracer, close } = watched();
  const inner = huey.task("inner", () => {});
  const outer = huey.task("outer", async () => {
    await Promise.resolve();
    tracer.startSpan("work").end();
    await inner();
  });
  await outer();
  await huey.drain();
  const run = span("process shop outer").spanContext();
  assertEquals(span("work").parentSpanContext?.spanId, run.spanId);
  assertEquals(span("send shop inner").parentSpanContext?.spanId, run.spanId);
  assertEquals(span("process shop inner").spanContext().traceId, run.traceId);
  await close();
});

test("a run that was delayed has a trace of its own, with a link to the call", async () => {
  const { huey, span, close } = watched();
  const remind = huey.task("remind", () => {});
  await remind.schedule([], { delay: "1h" });
  await runAll(huey);
  const [send, process] = [span("send shop remind"), span("process shop remind")];
  assertNotEquals(process.spanContext().traceId, send.spanContext().traceId);
  assertEquals(process.parentSpanContext, undefined);
  assertEquals(process.links.map(({ context }) => context.spanId), [send.spanContext().spanId]);
  await close();
});

test("a periodic task, which nobody has called, begins a trace", async () => {
  const { huey, clock, span, close } = watched();
  huey.periodicTask("beat", every("1m"), () => {});
  await clock.advance("1m");
  await huey.drain();
  const process = span("process shop beat");
  assertEquals([process.parentSpanContext, process.links], [undefined, []]);
  await close();
});

test("each attempt has its span, linked to the one call; only a failure is an error", async () => {
  const { huey, span, close } = watched();
  const flaky = huey.task("flaky", { retries: 1, retryDelay: 1 }, () => {
    throw new RangeError("out of stock");
  });
  const later = huey.task("later", { context: true }, ({ deliveries, attempt }) => {
    if (attempt === 1 && deliveries === 1) throw new RetryTask();
  });
  await flaky();
  await later();
  await runAll(huey);
  const [first, second] = [span("process shop flaky"), span("process shop flaky", 1)];
  const call = span("send shop flaky").spanContext();
  assertEquals(first.parentSpanContext?.spanId, call.spanId);
  assertEquals(second.links.map(({ context }) => context.spanId), [call.spanId]);
  assertEquals([first, second].map(({ attributes }) => attributes["huey.task.attempt"]), [1, 2]);
  assertEquals(first.status.code, SpanStatusCode.ERROR);
  assertEquals(first.attributes["error.type"], "RangeError");
  assertEquals(first.events[0].name, "exception");
  assertEquals(span("process shop later").status.code, SpanStatusCode.UNSET);
  await close();
});

test("many calls at once are one span, and each stage and callback is in its trace", async () => {
  const { huey, span, close } = watched();
  const double = huey.task("double", (n: number) => 2 * n);
  const done = huey.task("done", () => {});
  await double.map([[1], [2], [3]]);
  await huey.enqueue(double.s(1).pipe(done));
  await huey.drain();
  const [batch, pipeline] = [span("send shop double"), span("send shop double", 1)];
  assertEquals(batch.attributes["messaging.batch.message_count"], 3);
  const runs = [0, 1, 2].map((at) => span("process shop double", at).parentSpanContext?.spanId);
  assertEquals(runs, Array(3).fill(batch.spanContext().spanId));
  assertEquals(span("process shop done").parentSpanContext?.spanId, pipeline.spanContext().spanId);
  await close();
});

test("metrics count and measure by the conventions", async () => {
  const { huey, clock, points, close } = watched();
  const wait = huey.task("wait", async () => await clock.advance("2s"));
  const fail = huey.task("fail", () => {
    throw new TypeError("no");
  });
  await wait.map([[], []]);
  await fail();
  await runAll(huey);
  const of = (operation: string, task: string, error?: string) => ({
    "messaging.system": "huey",
    "messaging.destination.name": "shop",
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
    "huey.task.name": task,
    ...error && { "error.type": error },
  });
  assertEquals(await points("messaging.client.sent.messages"), {
    unit: "{message}",
    points: [{ attributes: of("send", "wait"), value: 2 }, { attributes: of("send", "fail"), value: 1 }],
  });
  const consumed = await points("messaging.client.consumed.messages");
  assertEquals(consumed.points.map(({ value }) => value), [2, 1]);
  const { unit, points: durations } = await points("messaging.process.duration");
  assertEquals(unit, "s");
  const failed = durations.find(({ attributes }) => attributes["error.type"] !== undefined);
  assertEquals(failed?.attributes, of("process", "fail", "TypeError"));
  const waited = durations.find(({ attributes }) => attributes["huey.task.name"] === "wait")!;
  const { count, sum } = waited.value as { count: number; sum: number };
  assertEquals(count, 2);
  assert(sum >= 4, `${sum}`);
  await close();
});

test("an instance is instrumented once, until that is ended, and without an SDK nothing travels", async () => {
  const { huey, end, count, close } = watched();
  const greet = huey.task("greet", () => {});
  assertThrows(() => instrument(huey), ConfigurationError, "Huey shop is instrumented already");
  end();
  await greet();
  assertEquals(count(), 0);
  trace.disable();
  propagation.disable();
  try {
    instrument(huey);
    await greet();
    const bodies = (await huey.core.storage.list("queued")).map(({ message }) => message.body);
    assertEquals(bodies.filter((body) => body.includes("carrier")), []);
  } finally {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  }
  await close();
});

interface Exported {
  resourceSpans?: {
    scopeSpans: { spans: { name: string; traceId: string; spanId: string; parentSpanId: string }[] }[];
  }[];
  resourceMetrics?: { scopeMetrics: { metrics: { name: string }[] }[] }[];
}

test("what Deno exports by itself has reached a receiver: spans of two processes in one trace, and metrics", {
  skip: ownRuntime === "deno" ? false : "OTEL_DENO is Deno's own",
}, async () => {
  const received: Exported[] = [];
  const receiver = await listen(async (request) => {
    received.push(await request.json());
    return Response.json({});
  });
  await inSandbox(async (sandbox) => {
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "100",
    };
    for (const what of ["enqueue", "drain"]) {
      const child = sandbox.start("tests/fixtures/traced.ts", [what], "deno", env);
      assertEquals(await child.ended, 0, child.output);
      assertStringIncludes(child.output, `${what} is done`);
    }
    const spans = () =>
      received.flatMap(({ resourceSpans = [] }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans);
    const find = (name: string) => spans().find((span) => span.name === name);
    await eventually(() => find("send traced greet") && find("process traced greet"));
    const [send, process] = [find("send traced greet")!, find("process traced greet")!];
    assertEquals([process.traceId, process.parentSpanId], [send.traceId, send.spanId]);
    const metrics = received.flatMap(({ resourceMetrics = [] }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics.map(({ name }) => name));
    for (const name of ["messaging.client.sent.messages", "messaging.process.duration"]) {
      assert(metrics.includes(name), name);
    }
  });
  await receiver.close();
});
