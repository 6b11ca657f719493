/**
 * What a version leaves in a storage, and what the versions after it must make of it. `write` is run once for a version,
 * by `deno run -A tests/upgrade/write.ts`; `read` by every later one, so what it asks for is not changed any more.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  chord,
  compressed,
  encrypted,
  every,
  Huey,
  json,
  rich,
  type Serializer,
  signed,
  type StorageFactory,
  TaskCanceled,
  TaskException,
} from "@hq/huey";
import { runAll, TestClock } from "@hq/huey/testing";

const START = "2026-01-01T00:00:00Z";
const PERSON = { name: "Ada", born: new Date(0), tags: new Set(["a", "ü"]), big: 12n ** 20n, none: undefined };

/** The serialisers that there are, with keys that are everybody's. */
export const SERIALIZERS: { [name: string]: () => Serializer } = {
  rich,
  json,
  signed: () => signed("a secret that everybody knows"),
  compressed: () => compressed(),
  encrypted: () => encrypted(btoa("0123456789abcdef0123456789abcdef")),
};

/** What each of them is to carry. */
export const CARRIED: { [name: string]: unknown[] } = {
  rich: [
    undefined,
    null,
    1,
    "text ü 😀",
    [1, [2]],
    PERSON,
    new Map([["key", { deep: new URL("https://example.com/") }]]),
  ],
  json: [null, 1, "text ü 😀", [1, [2]], { key: "value", "__proto__ ": true }],
  signed: [1, PERSON],
  compressed: [1, "long ".repeat(1_000), PERSON],
  encrypted: [1, PERSON],
};

/** The program, then and now. */
// deno-lint-ignore explicit-function-return-type -- what it gives is what the types of the tasks are inferred from
function open(storage: StorageFactory, clock: TestClock) {
  const huey = new Huey("fixture", { storage, clock });
  const runs: string[] = [];
  const ran = <T>(line: string, value: T): T => (runs.push(line), value);
  return {
    huey,
    runs,
    echo: huey.task("echo", (value: unknown) => ran("echo", value)),
    double: huey.task("double", (n: number) => ran(`double ${n}`, n * 2)),
    sum: huey.task("sum", (values: number[]) => ran("sum", values.reduce((a, b) => a + b, 0))),
    flaky: huey.task("flaky", { retries: 1, retryDelay: 60, context: true }, ({ attempt }, word: string) => {
      if (attempt === 1) throw new Error("not at the first attempt");
      return ran(`flaky ${word}`, word);
    }),
    failing: huey.task("failing", () => {
      throw new RangeError("it fails");
    }),
    handle: huey.task("handle", (error: Error) => ran("handle", error.message)),
    once: huey.task("once", { unique: { key: (key: string) => key } }, (key: string) => ran(`once ${key}`, key)),
    limited: huey.task("limited", { rateLimit: { limit: 1, per: 300 } }, (n: number) => ran(`limited ${n}`, n)),
    tick: huey.periodicTask("tick", every(3_600), { catchUp: 7_200, catchUpAll: true }, () => ran("tick", 0)),
  };
}

/** Leaves something of everything in a storage. */
export async function write(storage: StorageFactory): Promise<void> {
  const clock = new TestClock(START);
  const { huey, echo, double, sum, flaky, failing, handle, once, limited } = open(storage, clock);
  const other = new Huey("fixture", { storage, clock });
  const gone = other.task("gone", (word: string) => word);
  // What has ended.
  await huey.enqueue(echo.s(PERSON).with({ id: "complete" }));
  await huey.enqueue(failing.s().with({ id: "failed" }));
  const canceled = await huey.enqueue(echo.s(1).with({ id: "canceled", delay: 10 }));
  await huey.cancel(canceled.id);
  await huey.enqueue(gone.s("hello").with({ id: "dead" }));
  await huey.enqueue(limited.s(1).with({ id: "limited 1" }));
  // What is on its way: a first stage and a member have ended, the others are behind them.
  await huey.enqueue(
    double.s(1).with({ id: "stage 1" }).pipe(double.s().with({ id: "stage 2", delay: 30 })).pipe(double),
  );
  const members = [double.s(1).with({ id: "member 1" }), double.s(2).with({ id: "member 2", delay: 30 })] as const;
  await huey.enqueue(chord([...members], sum.s().with({ id: "chord" })));
  await huey.enqueue(flaky.s("word").with({ id: "retrying" }));
  await huey.drain();
  // What has not begun.
  await huey.enqueue(limited.s(2).with({ id: "limited 2" }));
  await huey.drain();
  await huey.enqueue(failing.s().with({ id: "to fail" }).error(handle.s().with({ id: "handler" })));
  await huey.enqueue(echo.s("later").with({ id: "scheduled", eta: clock.now() + 600_000 }));
  await huey.enqueue(echo.s("urgent").with({ id: "urgent", priority: 7.5, delay: 20 }));
  await huey.enqueue(echo.s("too late").with({ id: "expiring", expires: 5 }));
  await huey.enqueue(once.s("key").with({ id: "unique", delay: 20 }));
  await huey.enqueue(echo.s("revoked").with({ id: "revoked", delay: 20 }));
  await huey.result("revoked").revoke();
  await huey.put("a key", PERSON);
  await huey.schedules.put("a schedule", every(1_800), echo.s("by schedule"));
  // A delivery whose holder died, and a message of a program that knows more.
  await huey.core.storage.exchange({
    now: clock.now(),
    enqueue: [{
      id: "unknown",
      name: "flaky",
      body: await huey.core.serializer.encode({
        id: "unknown",
        name: "flaky",
        args: ["new"],
        fromTheFuture: { x: [1] },
      }),
    }],
  });
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await other.close();
  await huey.close();
}

/** Fails unless all of it can be read, and comes to the end that it was to come to. */
export async function read(storage: StorageFactory): Promise<void> {
  const clock = new TestClock(Date.parse(START) + 1_000);
  const { huey, runs, once } = open(storage, clock);
  const result = (id: string) => huey.result(id);
  assertEquals(await result("complete").get(), PERSON);
  const { metadata } = await assertRejects(() => result("failed").get(), TaskException);
  assertEquals([metadata.error, metadata.taskId], ["RangeError: it fails", "failed"]);
  await assertRejects(() => result("canceled").get(), TaskCanceled);
  assertEquals(await huey.get("a key"), PERSON);
  assertEquals((await huey.dead()).map(({ id, reason, args }) => [id, reason, args]), [
    ["dead", 'there is no task named "gone" in this program', ["hello"]],
  ]);
  assertEquals((await huey.schedules.list()).map(({ name, task }) => [name, task.args]), [["a schedule", [
    "by schedule",
  ]]]);
  assertEquals((await once("key")).id, "unique");
  assertEquals(await result("member 1").get(), 2);
  assertEquals([await result("retrying").status(), await result("chord").status()], ["retrying", "scheduled"]);
  const { running } = await huey.counts();
  assertEquals(running, 1);

  await huey.schedules.delete("a schedule");
  // Two hours: all but what it takes to see that a field of a message that is retried has survived.
  await clock.advance("10s");
  await huey.drain();
  const found = await huey.core.storage.find("unknown", clock.now());
  const body = await huey.core.serializer.decode(found!.message.body) as { fromTheFuture: unknown; attempt: number };
  assertEquals([body.fromTheFuture, body.attempt], [{ x: [1] }, 2]);
  await runAll(huey);

  const values = ["stage 2", "chord", "retrying", "limited 2", "handler", "scheduled", "urgent", "unique", "unknown"];
  assertEquals(await Promise.all(values.map((id) => result(id).get())), [
    4,
    6,
    "word",
    2,
    "it fails",
    "later",
    "urgent",
    "key",
    "new",
  ]);
  for (const id of ["expiring", "revoked"]) assertEquals(await result(id).status(), id.replace("expiring", "expired"));
  // The slots of two hours before, which were run by the version before, are not run again.
  assertEquals(runs.filter((run) => run === "tick"), []);
  assertEquals(runs.filter((run) => run.startsWith("once")).length, 1);
  const { queued, scheduled, running: left } = await huey.counts();
  assertEquals({ queued, scheduled, left }, { queued: 0, scheduled: 0, left: 0 });
  assert(await huey.retryDead("dead") === 1);
  await huey.close();
}
