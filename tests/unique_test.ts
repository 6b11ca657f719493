import { test } from "node:test";
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Huey } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { recordSignals } from "./record_signals.ts";

onEveryStorage(
  "while one is queued a second call of the same arguments adds nothing and gives its Result",
  async ({ huey }) => {
    let runs = 0;
    const work = huey.task("work", { unique: true }, (x: number) => {
      runs++;
      return x;
    });
    const signals = recordSignals(huey);
    const first = await work(1);
    const second = await work(1);
    assertEquals([second.id, signals], [first.id, ["enqueued"]]);
    await huey.drain();
    assertEquals([runs, await second.get()], [1, 1]);
  },
);

onEveryStorage("other arguments are another task", async ({ huey }) => {
  const work = huey.task("work", { unique: true }, (..._args: unknown[]) => {});
  for (const args of [[1], ["1"], [1, 2], [[1]], [], [undefined], [new Date(1)]]) await work(...args);
  assertEquals((await huey.counts()).queued, 7);
});

onEveryStorage("long arguments are told apart, too", async ({ huey }) => {
  const work = huey.task("work", { unique: true }, (_text: string) => {});
  const long = "x".repeat(10_000);
  for (const text of [`${long}a`, `${long}b`, `${long}a`]) await work(text);
  assertEquals((await huey.counts()).queued, 2);
});

onEveryStorage("the same arguments of another task are another task", async ({ huey }) => {
  const tasks = ["a", "b"].map((name) => huey.task(name, { unique: true }, (_x: number) => {}));
  for (const task of tasks) await task(1);
  assertEquals((await huey.counts()).queued, 2);
});

onEveryStorage(
  "calls of one turn, of a map and of two processes are told from each other",
  async ({ huey, another }) => {
    const work = huey.task("work", { unique: true }, (_x: number) => {});
    const elsewhere = another().task("work", { unique: true }, (_x: number) => {});
    const results = await Promise.all([work(1), work(1), elsewhere(1)]);
    const mapped = [...await work.map([[1], [2], [2]])];
    assertEquals(new Set(results.map(({ id }) => id)).size, 1);
    assertEquals(new Set(mapped.map(({ id }) => id)).size, 2);
    assertEquals((await huey.counts()).queued, 2);
  },
);

onEveryStorage(
  "the key is held while the task is scheduled, running and waiting for a retry",
  async ({ huey, clock }) => {
    const ids: string[] = [];
    const work = huey.task("work", { unique: true, retries: 1, retryDelay: "1m" }, async () => {
      ids.push((await work()).id);
      throw new Error("no");
    });
    const { id } = await work.schedule([], { delay: "1m" });
    ids.push((await work()).id);
    await clock.advance("1m");
    await huey.drain();
    ids.push((await work()).id);
    await clock.advance("1m");
    await huey.drain();
    assertEquals(ids, [id, id, id, id]);
    assertNotEquals((await work()).id, id);
  },
);

onEveryStorage("any outcome frees the key", async ({ huey, clock }) => {
  const ends: Record<string, () => unknown> = {
    complete: () => 1,
    error: () => {
      throw new Error("no");
    },
    dead: () => () => {},
  };
  for (const [name, body] of Object.entries(ends)) {
    const work = huey.task(name, { unique: true }, body);
    const first = await work();
    await huey.drain();
    assertNotEquals((await work()).id, first.id, name);
  }
  const work = huey.task("work", { unique: true, expires: "1m" }, () => {});
  const expired = await work();
  await clock.advance("2m");
  await huey.drain();
  const revoked = await work();
  assertNotEquals(revoked.id, expired.id);
  await revoked.revoke();
  await huey.drain();
  const canceled = await work();
  assertNotEquals(canceled.id, revoked.id);
  await huey.cancel(canceled.id);
  assertNotEquals((await work()).id, canceled.id);
});

onEveryStorage("key says what makes two calls the same", async ({ huey }) => {
  const work = huey.task("work", { unique: { key: (user) => user.id } }, (_user: { id: string; name: string }) => {});
  const first = await work({ id: "1", name: "ada" });
  const second = await work({ id: "1", name: "lovelace" });
  const third = await work({ id: "2", name: "ada" });
  assertEquals([second.id === first.id, third.id === first.id], [true, false]);
});

onEveryStorage("a key that is no text is refused at the call", async ({ huey }) => {
  const work = huey.task("work", { unique: { key: (() => 5) as never } }, () => {});
  await assertRejects(() => work(), TypeError, "unique.key");
});

onEveryStorage(
  "within a window a second call adds nothing, even when the first is finished",
  async ({ huey, clock }) => {
    const work = huey.task("work", { unique: { within: "1m" } }, () => "done");
    const first = await work();
    await huey.drain();
    await clock.advance("59999ms");
    const second = await work();
    assertEquals([second.id, await second.get()], [first.id, "done"]);
    await clock.advance("1ms");
    assertNotEquals((await work()).id, first.id);
  },
);

onEveryStorage("a window does not end the hold of a task that is not finished", async ({ huey, clock }) => {
  const work = huey.task("work", { unique: { within: "1m" } }, () => {});
  const first = await work.schedule([], { delay: "1h" });
  await clock.advance("2m");
  assertEquals((await work()).id, first.id);
});

onEveryStorage("a redelivery keeps the key", async ({ huey, clock }) => {
  const work = huey.task("work", { unique: true }, () => {});
  const { id } = await work();
  await huey.core.storage.exchange({ now: clock.now(), claim: { limit: 1, lease: 10_000 } });
  await clock.advance("11s");
  assertEquals((await work()).id, id);
  await huey.drain();
  assertNotEquals((await work()).id, id);
});

onEveryStorage("flush frees the keys of what it removes", async ({ huey }) => {
  const work = huey.task("work", { unique: true }, () => {});
  const { id } = await work();
  await huey.flush("queue");
  assertNotEquals((await work()).id, id);
});

onEveryStorage("a flush of everything forgets which unique tasks there have been", async ({ huey }) => {
  const work = huey.task("work", { unique: { within: "1h" } }, () => {});
  const { id } = await work();
  await huey.drain();
  assertEquals((await work()).id, id);
  await huey.flush("queue");
  assertEquals((await work()).id, id);
  await huey.flush();
  assertNotEquals((await work()).id, id);
});

test("nonsense in unique is refused", () => {
  const huey = new Huey("tests");
  const define = (unique: unknown) => () => huey.task("work", { unique: unique as never }, () => {});
  assertThrows(define({ key: "id" }), TypeError, "unique.key");
  assertThrows(define({ within: "5 min" }), TypeError, "unique.within");
  assertThrows(define({ for: "5m" }), Error, '"for"');
  assertThrows(define("yes"), TypeError);
});
