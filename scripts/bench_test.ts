import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { Session } from "./bench/contender.ts";
import { Checklist } from "./bench/metric.ts";
import { reportRow, type Score } from "./bench/report.ts";
import { quantile } from "./bench/statistics.ts";
import { table } from "./bench/table.ts";
import { command } from "./command.ts";

/** As `deno task bench` does it. */
function bench(...args: string[]) {
  return command([Deno.execPath(), "run", "-A", "--no-check", "scripts/bench/main.ts", ...args]);
}

test("the bench measures what it is asked for, prints a table and writes a report", async () => {
  const json = Deno.makeTempFileSync({ suffix: ".json" });
  const chart = Deno.makeTempFileSync({ suffix: ".svg" });
  const what = ["memory", "redis", "--only", "drain", "--contender", "Huey", "--beside", "."];
  const args = [...what, "--scale", "0.01", "--rounds", "2", "--json", json, "--chart", chart];
  const { ok, output } = await bench(...args);
  assertEquals(ok, true, output);
  assertEquals(/^\| redis +\| unit +\| Huey/m.test(output), true, output);
  const { rows } = JSON.parse(Deno.readTextFileSync(json));
  assertEquals(Deno.readTextFileSync(chart).includes("drain, 64 at once</text>"), true);
  for (const file of [json, chart]) Deno.removeSync(file);
  assertEquals(rows.length, 12);
  for (const { scores } of rows) {
    assertEquals(scores.map(({ contender }: Score) => contender), ["Huey", "Huey in ."]);
    assertEquals(scores[0].values.length, 2);
    assertGreater(scores[0].lowest, 0);
  }
});

test("the bench refuses what it does not know", async () => {
  for (const args of [["postgres"], ["memory", "--only", "speed"], ["memory", "--contender", "nobody"]]) {
    assertEquals((await bench(...args)).ok, false);
  }
});

function session(results: number): Session {
  return { results: () => Promise.resolve(results) } as Session;
}

test("a job that has not run, has run twice or has left no result is found", async () => {
  const list = new Checklist(2, 5);
  list.ran(5);
  await assertRejects(() => list.check(session(2)), Error, "Of 2 jobs 1 have run");
  list.ran(6);
  await list.all;
  await list.check(session(2));
  await assertRejects(() => list.check(session(3)), Error, "There are 3 results of 2 jobs");
  list.ran(6);
  await assertRejects(() => list.check(session(2)), Error, "1 of them twice");
});

test("ratios tell how many times as good ours is, and goals whether they are reached", () => {
  const goals = [{ storage: "redis" as const, value: 2, than: "Other" }, { storage: "redis" as const, value: 500 }];
  const values = new Map([["Huey", [300, 100, 200]], ["Other", [50, 150]]]);
  const rate = reportRow({ name: "drain", unit: "/s", better: "more", goals }, "redis", values, "Huey");
  assertEquals(rate.scores.map(({ median, ratio }) => [median, ratio]), [[200, undefined], [100, 2]]);
  assertEquals(rate.goals.map(({ reached }) => reached), [true, false]);
  const wait = reportRow({ name: "start", unit: "ms", better: "less", goals: [goals[1]] }, "redis", values, "Huey");
  assertEquals(wait.scores[1].ratio, 0.5);
  assertEquals(wait.goals.map(({ reached }) => reached), [true]);
  const faster = [{ storage: "memory" as const, value: 5, than: "redis" }];
  const memory = reportRow(
    { name: "drain", unit: "/s", better: "more", goals: faster },
    "memory",
    values,
    "Huey",
    () => 50,
  );
  assertEquals(memory.goals.map(({ reached }) => reached), [false]);
  assertEquals(table("redis", [rate]).split("\n").at(-1)!.includes("≥ 2× Other, ≥ 500: missed"), true);
});

test("a quantile is the value below which a part of the others lies", () => {
  const values = Array.from({ length: 100 }, (_, i) => 99 - i);
  assertEquals([quantile(values, 0), quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)], [
    0,
    50,
    99,
    99,
  ]);
});
