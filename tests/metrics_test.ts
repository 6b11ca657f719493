import { test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigurationError, Huey, memory, type Storage } from "@hq/huey";
import { createMetricsHandler } from "@hq/huey/metrics";
import { TestClock } from "@hq/huey/testing";

const url = "http://example.com/anywhere/metrics";

async function read(handler: (request: Request) => Promise<Response>): Promise<string[]> {
  const response = await handler(new Request(url));
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return (await response.text()).split("\n");
}

test("what is in the storage and what this process did is told in the text format of Prometheus", async () => {
  const clock = new TestClock();
  const huey = new Huey("shop", { clock });
  const handler = createMetricsHandler(huey);
  const wait = huey.task("wait", async (_secret: string) => await clock.advance("2s"));
  await wait("swordfish");
  await huey.drain();
  await wait.schedule(["swordfish"], { delay: "1h" });
  const lines = await read(handler);
  for (
    const line of [
      "# TYPE huey_tasks gauge",
      'huey_tasks{queue="shop",state="scheduled"} 1',
      'huey_tasks{queue="shop",state="dead"} 0',
      'huey_results{queue="shop"} 1',
      'huey_storage_up{queue="shop"} 1',
      "# TYPE huey_signals_total counter",
      'huey_signals_total{queue="shop",task="wait",signal="enqueued"} 2',
      'huey_signals_total{queue="shop",task="wait",signal="complete"} 1',
      "# TYPE huey_task_duration_seconds histogram",
      'huey_task_duration_seconds_bucket{queue="shop",task="wait",le="1"} 0',
      'huey_task_duration_seconds_bucket{queue="shop",task="wait",le="2.5"} 1',
      'huey_task_duration_seconds_bucket{queue="shop",task="wait",le="+Inf"} 1',
      'huey_task_duration_seconds_sum{queue="shop",task="wait"} 2',
      'huey_task_duration_seconds_count{queue="shop",task="wait"} 1',
    ]
  ) assertEquals(lines.includes(line), true, `${line}\n${lines.join("\n")}`);
  assertEquals(lines.filter((line) => line.includes("swordfish")), []);
  assertEquals(
    lines.filter((line) => line && !/^(# (HELP|TYPE) \w+ .+|\w+\{(\w+="[^"]*",?)+\} [\d.]+)$/.test(line)),
    [],
  );
});

test("a name is escaped, and each family of metrics is told of once", async () => {
  const huey = new Huey("shop");
  const handler = createMetricsHandler(huey);
  const odd = huey.task('a"b\\c\nd', () => {});
  await odd();
  const lines = await read(handler);
  assertStringIncludes(lines.join("\n"), 'task="a\\"b\\\\c\\nd"');
  const types = lines.filter((line) => line.startsWith("# TYPE"));
  assertEquals(new Set(types).size, types.length);
});

test("while the storage does not answer, that is told, and the rest is", async () => {
  const open = (name: string): Storage => {
    const storage = memory()(name);
    storage.counts = () => Promise.reject(new Error("down"));
    return storage;
  };
  const huey = new Huey("shop", { storage: open });
  const handler = createMetricsHandler(huey);
  await huey.task("greet", () => {})();
  const lines = await read(handler);
  assertEquals(lines.includes('huey_storage_up{queue="shop"} 0'), true);
  assertEquals(lines.includes('huey_signals_total{queue="shop",task="greet",signal="enqueued"} 1'), true);
  assertEquals(lines.filter((line) => line.includes("huey_tasks")), []);
});

test("with a secret nobody reads without it, and only GET and HEAD are answered", async () => {
  const huey = new Huey("shop");
  const handler = createMetricsHandler(huey, { secret: ["new", "old"] });
  const ask = async (init?: RequestInit): Promise<number> => (await handler(new Request(url, init))).status;
  assertEquals(await ask(), 401);
  assertEquals(await ask({ headers: { authorization: "Bearer wrong" } }), 401);
  assertEquals(await ask({ headers: { authorization: "Bearer old" } }), 200);
  assertEquals(await ask({ method: "POST" }), 405);
  assertThrows(() => createMetricsHandler(huey, { secret: "" }), ConfigurationError, "A secret must be a string");
});
