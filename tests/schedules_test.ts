import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { crontab, every, Huey, type Task } from "@hq/huey";
import { z } from "zod";
import { type Bench, onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";
import { recordSignals } from "./record_signals.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

/** A task that notes what it was called with. */
function notes(huey: Huey): { note: (what: string) => Task<[], void>; noted: string[] } {
  const noted: string[] = [];
  const note = huey.task("note", { context: true }, ({ task }, what: string) => {
    noted.push(`${what} ${new Date(task.eta!).toISOString().slice(11, 19)}`);
  });
  return { noted, note: (what) => note.s(what) };
}

async function tick({ huey, clock }: Bench, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    await clock.advance("1m");
    await huey.drain();
  }
}

onEveryStorage("a schedule that was put runs its task at each slot from then on", async (bench) => {
  const { huey } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("2m"), note("a"));
  await huey.drain();
  assertEquals(noted, []);
  await tick(bench, 5);
  assertEquals(noted, ["a 00:02:00", "a 00:04:00"]);
});

onEveryStorage("it is there for every process, and each slot runs once", async ({ huey, another, clock }) => {
  const { note, noted } = notes(huey);
  const others = [another(), another()];
  const heard = others.map(notes);
  await huey.schedules.put("ada", every("1m"), note("a"));
  for (let i = 0; i < 3; i++) {
    await clock.advance("1m");
    await Promise.all([huey, ...others].map((one) => one.drain()));
  }
  assertEquals([...noted, ...heard.flatMap((other) => other.noted)].sort(), [
    "a 00:01:00",
    "a 00:02:00",
    "a 00:03:00",
  ]);
});

onEveryStorage("a consumer is awake at its slot", async ({ huey, clock, consume }) => {
  const { note, noted } = notes(huey);
  await consume();
  await huey.schedules.put("ada", every("10s"), note("a"));
  await asTimePasses(clock, eventually(() => noted.length > 2));
  assertEquals(noted.slice(0, 3), ["a 00:00:10", "a 00:00:20", "a 00:00:30"]);
});

onEveryStorage("put replaces a schedule of the same name", async (bench) => {
  const { huey } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await tick(bench, 1);
  await huey.schedules.put("ada", every("2m"), note("b"));
  await tick(bench, 3);
  assertEquals([noted, (await huey.schedules.list()).length], [["a 00:01:00", "b 00:02:00", "b 00:04:00"], 1]);
});

onEveryStorage(
  "a schedule that is put again as it is, as by each start of a program, misses no slot",
  async (bench) => {
    const { huey, clock } = bench;
    const { note, noted } = notes(huey);
    for (let i = 0; i < 3; i++) {
      await huey.schedules.put("ada", every("1m"), note(`a${i}`));
      await clock.advance("61s");
      await huey.schedules.put("ada", every("1m"), note(`b${i}`));
      await huey.drain();
    }
    assertEquals(noted, ["b0 00:01:00", "b1 00:02:00", "b2 00:03:00"]);
    assertEquals((await huey.counts()).scheduled, 1);
  },
);

onEveryStorage("a put while its mark is in somebody's hands adds nothing twice", async (bench) => {
  const { huey, clock } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1h"), note("a"));
  await clock.advance("1h");
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await huey.schedules.put("ada", every("1h"), note("b"));
  await clock.advance("11s");
  await huey.drain();
  await clock.advance("1h");
  await huey.drain();
  assertEquals([noted, (await huey.counts()).scheduled], [["b 02:00:00"], 1]);
});

onEveryStorage("what is damaged can be put again or deleted", async ({ huey, clock }) => {
  const { note } = notes(huey);
  for (const name of ["ada", "bob"]) {
    await huey.schedules.put(name, every("1m"), note("a"));
    await huey.core.storage.put("schedules", `at:${name}`, "~nonsense", { now: clock.now() });
  }
  await huey.schedules.put("ada", every("1m"), note("a"));
  assertEquals(await huey.schedules.delete("bob"), true);
  assertEquals((await huey.schedules.list()).map(({ name }) => name), ["ada"]);
  await clock.advance("1m");
  await huey.drain();
  assertEquals([(await huey.counts()).scheduled, (await huey.counts()).dead], [1, 0]);
});

onEveryStorage("delete ends a schedule and tells whether it was there", async (bench) => {
  const { huey } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await huey.schedules.put("bob", every("1m"), note("b"));
  assertEquals([await huey.schedules.delete("ada"), await huey.schedules.delete("ada")], [true, false]);
  await tick(bench, 1);
  assertEquals([noted, (await huey.schedules.list()).map(({ name }) => name)], [["b 00:01:00"], ["bob"]]);
  await huey.schedules.delete("bob");
  assertEquals((await huey.counts()).scheduled, 0);
});

onEveryStorage("a paused schedule rests, and goes on from when it is resumed", async (bench) => {
  const { huey } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"), { catchUp: "1h", catchUpAll: true });
  assertEquals([await huey.schedules.pause("ada"), await huey.schedules.pause("nobody")], [true, false]);
  await tick(bench, 2);
  assertEquals([noted, (await huey.schedules.list())[0].paused], [[], true]);
  assertEquals([await huey.schedules.resume("ada"), await huey.schedules.resume("nobody")], [true, false]);
  await tick(bench, 1);
  assertEquals([noted, (await huey.schedules.list())[0].paused], [["a 00:03:00"], false]);
});

onEveryStorage("to resume a schedule that is not paused changes nothing", async (bench) => {
  const { huey } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await huey.schedules.resume("ada");
  await tick(bench, 1);
  assertEquals(noted, ["a 00:01:00"]);
});

onEveryStorage("list tells what there is, and when it runs next", async ({ huey, another }) => {
  const { note } = notes(huey);
  await huey.schedules.put("morning", crontab("0 9 * * *", { timeZone: "Europe/Berlin" }), note("a"));
  await huey.schedules.put("often", every("1m"), note("b"));
  await huey.schedules.pause("often");
  const [morning, often] = await another().schedules.list();
  assertEquals([morning.name, morning.task.name, morning.task.args, morning.schedule.timeZone], [
    "morning",
    "note",
    ["a"],
    "Europe/Berlin",
  ]);
  assertEquals(morning.nextRuns.slice(0, 2), [START + 8 * 3_600_000, START + 32 * 3_600_000]);
  assertEquals([often.name, often.paused, often.nextRuns], ["often", true, []]);
});

onEveryStorage("the next slot of each is among what is scheduled", async ({ huey }) => {
  const { note } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  const [{ id, name, args, eta }] = await huey.scheduled();
  assertEquals([name, args, eta], ["note", ["a"], START + 60_000]);
  assertEquals(await huey.cancel(id), false, "it is no task");
  assertEquals((await huey.counts()).scheduled, 1);
});

onEveryStorage("of slots that were missed the latest is run", async ({ huey, clock }) => {
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await clock.advance("3m");
  await clock.advance("10s");
  await huey.drain();
  await clock.advance("50s");
  await huey.drain();
  assertEquals(noted, ["a 00:03:00", "a 00:04:00"]);
});

onEveryStorage("with catchUpAll every slot that was missed is run", async ({ huey, clock }) => {
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"), { catchUpAll: true });
  await clock.advance("3m");
  await huey.drain();
  assertEquals(noted, ["a 00:01:00", "a 00:02:00", "a 00:03:00"]);
});

onEveryStorage("a slot that is later than catchUp is not run", async ({ huey, clock }) => {
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1h"), note("a"), { catchUp: "10m" });
  await clock.advance("71m");
  await huey.drain();
  assertEquals(noted, []);
  await clock.advance("49m");
  await huey.drain();
  assertEquals(noted, ["a 02:00:00"]);
});

onEveryStorage("a pipeline can be scheduled, each time under ids of its own", async (bench) => {
  const { huey } = bench;
  const seen: number[] = [];
  const one = huey.task("one", () => seen.length);
  const two = huey.task("two", (n: number) => void seen.push(n));
  const failed: string[] = [];
  const fail = huey.task("fail", () => {
    throw new Error("no");
  });
  const handle = huey.task("handle", (error: Error) => void failed.push(error.message));
  await huey.schedules.put("pipe", every("1m"), one.s().pipe(two));
  await huey.schedules.put("fail", every("1m"), fail.s().error(handle));
  await tick(bench, 3);
  assertEquals([seen, failed], [[0, 1, 2], ["no", "no", "no"]]);
});

onEveryStorage("its task keeps the options that it was given", async ({ huey, clock }) => {
  const runs: number[] = [];
  const work = huey.task("work", { context: true }, ({ attempt }) => {
    runs.push(attempt);
    throw new Error("no");
  });
  await huey.schedules.put("work", every("1h"), work.s().with({ retries: 1, expires: "1m", priority: 3 }));
  await clock.advance("1h");
  await huey.drain();
  assertEquals(runs, [1, 2]);
  await huey.drain();
  assertEquals((await huey.scheduled())[0].priority, 3);
});

onEveryStorage("it sends no signals but those of its tasks", async (bench) => {
  const { huey } = bench;
  const { note } = notes(huey);
  const signals = recordSignals(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await tick(bench, 1);
  assertEquals(signals, ["enqueued", "executing", "complete"]);
});

onEveryStorage("a drain counts the slots it has added, and an idle one costs one request", async ({ huey, clock }) => {
  const { note } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await clock.advance("1m");
  const report = await huey.drain();
  assertEquals([report.periodic, report.executed], [1, 1]);
  assertEquals((await huey.drain()).requests, 1);
});

onEveryStorage("flushing queue and schedule leaves the schedules, flushing all does not", async (bench) => {
  const { huey } = bench;
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1m"), note("a"));
  await huey.flush("schedule");
  await tick(bench, 1);
  assertEquals(noted, ["a 00:01:00"]);
  await huey.flush("queue");
  await tick(bench, 1);
  assertEquals(noted, ["a 00:01:00", "a 00:02:00"]);
  await huey.flush();
  await tick(bench, 2);
  assertEquals([noted.length, await huey.schedules.list()], [2, []]);
});

onEveryStorage("a worker that dies with a schedule's mark loses no slot", async ({ huey, clock }) => {
  const { note, noted } = notes(huey);
  await huey.schedules.put("ada", every("1h"), note("a"));
  await clock.advance("1h");
  const { deliveries } = await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  assertEquals(deliveries.length, 1);
  await clock.advance("11s");
  await huey.drain();
  assertEquals(noted, ["a 01:00:00"]);
});

onEveryStorage("what its name is revoked for does not run, and it goes on when that is taken back", async (bench) => {
  const { huey } = bench;
  let runs = 0;
  const work = huey.task("work", () => void runs++);
  await huey.schedules.put("work", every("1m"), work.s());
  await work.revoke();
  await tick(bench, 2);
  await work.restore();
  await tick(bench, 1);
  assertEquals(runs, 1);
});

onEveryStorage("many may be put at once", async ({ huey, another }) => {
  const { note } = notes(huey);
  const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
  const elsewhere = another();
  await Promise.all(names.map((name, i) => (i % 2 ? huey : elsewhere).schedules.put(name, every("1m"), note(name))));
  assertEquals((await huey.schedules.list()).map(({ name }) => name).sort(), [...names].sort());
});

onEveryStorage("arguments that do not fit the task's schema are refused when it is put", async ({ huey }) => {
  const work = huey.task("work", { schema: z.number() }, () => {});
  await assertRejects(() => huey.schedules.put("work", every("1m"), work.s("x" as never)), Error, "schema");
  assertEquals(await huey.schedules.list(), []);
});

test("what cannot be kept is refused", async () => {
  const huey = new Huey("tests");
  const work = huey.task("work", (_x: number) => {});
  const { schedules } = huey;
  await assertRejects(() => schedules.put("", every("1m"), work.s(1)), TypeError, "name");
  await assertRejects(() => schedules.put("a", { next: () => 1 } as never, work.s(1)), TypeError, "crontab");
  await assertRejects(() => schedules.put("a", every("1m"), work as never), TypeError, "s()");
  await assertRejects(() => schedules.put("a", every("1m"), work.s(1).with({ delay: 5 })), TypeError, "delay");
  await assertRejects(() => schedules.put("a", every("1m"), work.s(1), { catchup: 1 } as never), Error, "catchup");
  await assertRejects(() => schedules.put("a", every("1m"), work.s(1), { catchUp: "5 min" as never }), TypeError);
  // @ts-expect-error: an argument is missing
  void schedules.put("a", every("1m"), work.s());
});

test("a schedule that names no zone is in that of the instance", async () => {
  const huey = new Huey("tests", { timeZone: "Asia/Tokyo" });
  await huey.schedules.put("nightly", crontab.daily(), huey.task("work", () => {}).s());
  const [{ schedule, nextRuns }] = await huey.schedules.list();
  assertEquals([schedule.timeZone, new Date(nextRuns[0]).toISOString().slice(11)], ["Asia/Tokyo", "15:00:00.000Z"]);
  assert(nextRuns[0] > Date.now());
});
