import { test } from "node:test";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { type ConsumerOptions, every, type Exchange, type Exchanged, Huey, memory, type Storage } from "@hq/huey";
import { TestClock } from "@hq/huey/testing";
import { asTimePasses } from "./eventually.ts";

const MINUTE = 60_000;

/** A process over a storage that cannot wake it, with the requests that it sent in vain and all it sent. */
interface Process {
  huey: Huey;
  /** When a request was sent that brought nothing, settled nothing and added nothing. */
  vain: number[];
  /** When a request was sent. */
  sent: number[];
  consume(options?: ConsumerOptions): Promise<void>;
}

/** Some processes on one storage, which are stopped afterwards. */
async function withProcesses(count: number, body: (clock: TestClock, ...processes: Process[]) => Promise<void>) {
  const clock = new TestClock();
  const factory = memory();
  const stops: (() => Promise<unknown>)[] = [];
  const processes = Array.from({ length: count }, (): Process => {
    const vain: number[] = [];
    const sent: number[] = [];
    const watched = (name: string): Storage =>
      new Proxy(factory(name), {
        get: (target, key) => {
          if (key === "waitForWork" || key === "waitForKey") return undefined;
          const member = Reflect.get(target, key, target);
          if (typeof member !== "function" || key === "close") return member;
          return async (...args: unknown[]) => {
            sent.push(clock.now());
            const answer = await member.apply(target, args);
            if (key === "exchange" && isInVain(args[0] as Exchange, answer)) vain.push(clock.now());
            return answer;
          };
        },
      });
    const huey = new Huey("tests", { storage: watched, clock, lease: "1s" });
    const consume = async (options?: ConsumerOptions): Promise<void> => {
      const consumer = huey.createConsumer(options);
      stops.push(() => consumer.stop({ graceful: false }));
      await consumer.start();
    };
    return { huey, vain, sent, consume };
  });
  try {
    await body(clock, ...processes);
  } finally {
    await Promise.all(stops.map((stop) => stop()));
  }
}

function isInVain({ settle = [], enqueue = [] }: Exchange, { deliveries }: Exchanged): boolean {
  return settle.length + enqueue.length + deliveries.length === 0;
}

/** The most of these instants that lie in one minute. */
function mostInAMinute(instants: number[]): number {
  return Math.max(0, ...instants.map((from) => instants.filter((at) => from <= at && at < from + MINUTE).length));
}

test("an idle consumer that nothing wakes sends at most ten requests in any minute, also in its first", async () => {
  await withProcesses(1, async (clock, { huey, sent, consume }) => {
    huey.task("work", () => {});
    await consume({ workers: 4 });
    await clock.advance("10m");
    assertLessOrEqual(mostInAMinute(sent), 10);
    assert(sent.length >= 60, `only ${sent.length} looks in ten minutes`);
  });
});

test("it looks in vain no more often after a burst of work, or for tasks that come now and then", async () => {
  for (const pause of ["500ms", "3s", "7s", "15s", "40s"] as const) {
    await withProcesses(2, async (clock, caller, { huey, vain, consume }) => {
      let runs = 0;
      huey.task("work", () => {
        runs++;
      });
      const call = caller.huey.task("work", () => {});
      await consume({ workers: 2 });
      await call.map(Array.from({ length: 50 }, () => []));
      await clock.advance("1m");
      for (let i = 0; i < 20; i++) {
        await call();
        await clock.advance(pause);
      }
      await clock.advance("10s");
      assertEquals(runs, 70);
      assertLessOrEqual(mostInAMinute(vain), 10, pause);
    });
  }
});

test("it looks in vain no more often while others hold tasks whose leases may lapse at any second", async () => {
  await withProcesses(2, async (clock, working, { huey, vain, consume }) => {
    const long = working.huey.task("long", () => clock.sleep(10 * MINUTE));
    huey.task("long", () => {});
    await long.map(Array.from({ length: 5 }, () => []));
    await working.consume({ workers: 5 });
    await clock.advance("1s");
    await consume();
    await clock.advance("8m");
    assert(vain.length > 40);
    assertLessOrEqual(mostInAMinute(vain), 10);
  });
});

test("a periodic task costs it two requests a slot besides", async () => {
  await withProcesses(1, async (clock, { huey, sent, consume }) => {
    let runs = 0;
    huey.periodicTask("beat", every("1m"), () => {
      runs++;
    });
    await consume();
    await clock.advance("10m");
    const [before, runsBefore] = [sent.length, runs];
    await clock.advance("10m");
    assertEquals(runs - runsBefore, 10);
    assertLessOrEqual(sent.length - before, 10 * (10 + 2));
  });
});

test("a task whose time has come is begun then, and one that was called within the longest wait", async () => {
  await withProcesses(2, async (clock, caller, { huey, consume }) => {
    const begun: number[] = [];
    huey.task("work", () => {
      begun.push(clock.now());
    });
    const call = caller.huey.task("work", () => {});
    await consume();
    await clock.advance("10m");
    const due = clock.now() + 25_000;
    await call.schedule([], { eta: due });
    await clock.advance("30s");
    assertEquals(begun, [due]);
    const called = clock.now();
    await call();
    await clock.advance("10s");
    assertEquals(begun.length, 2);
    assertLessOrEqual(begun[1] - called, 10_000);
  });
});

test("whoever says how to wait is taken at his word", async () => {
  await withProcesses(1, async (clock, { sent, consume }) => {
    await consume({ initialDelay: "100ms", backoff: 1, maxDelay: "5s" });
    await clock.advance("1m");
    assertEquals(sent.length, 601);
  });
  await withProcesses(1, async (clock, { sent, consume }) => {
    await consume({ initialDelay: "1s", backoff: 2, maxDelay: "4s" });
    const start = clock.now();
    await clock.advance("15s");
    assertEquals(sent.map((at) => (at - start) / 1_000), [0, 1, 3, 7, 11, 15]);
  });
  await withProcesses(1, async (clock, { sent, consume }) => {
    await consume({ maxDelay: "2m" });
    await clock.advance("1h");
    assertLessOrEqual(sent.length, 35);
  });
});

test("whoever waits for a result looks less and less often, and sees it late by no more than half", async () => {
  await withProcesses(2, async (clock, caller, { huey }) => {
    const result = await caller.huey.task("work", () => 1)();
    huey.task("work", () => 1);
    caller.sent.length = 0;
    const got = result.get({ blocking: true }).then(() => clock.now());
    await clock.advance("1m");
    assertLessOrEqual(caller.sent.length, 20);
    caller.sent.length = 0;
    await clock.advance("10m");
    assertLessOrEqual(mostInAMinute(caller.sent), 7);
    await huey.drain();
    const ended = clock.now();
    assertLessOrEqual(await asTimePasses(clock, got) - ended, 10_000);

    const quick = await caller.huey.task("quick", () => 1)();
    huey.task("quick", () => 1);
    const begun = clock.now();
    const seen = quick.get({ blocking: true }).then(() => clock.now());
    await clock.advance("4s");
    await huey.drain();
    assertLessOrEqual(await asTimePasses(clock, seen) - begun, 6_100);
  });
});
