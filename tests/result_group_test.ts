import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { type Huey, ResultTimeout, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { asTimePasses, eventually } from "./eventually.ts";

function echo(huey: Huey) {
  return huey.task("echo", (n: number) => n);
}

onEveryStorage("a group is read one by one, and can be gone through", async ({ huey }) => {
  const results = await echo(huey).map([[1], [2], [3]]);
  await huey.drain();
  assertEquals([results.length, await results.at(0)!.get(), await results.at(-1)!.get()], [3, 1, 3]);
  assertEquals(results.at(3), undefined);
  const values: unknown[] = [];
  for (const result of results) values.push(await result.get());
  assertEquals(values, [1, 2, 3]);
});

onEveryStorage("a read that does not wait gives what is there", async ({ huey }) => {
  const results = await echo(huey).map([[1], [2], [3]]);
  await huey.drain({ maxTasks: 2, concurrency: 1 });
  assertEquals(await results.get(), [1, 2, undefined]);
});

onEveryStorage("a read that waits has the values when all have ended", async ({ huey, clock, consume }) => {
  const results = await echo(huey).map([[1], [2], [3]]);
  const waiting = results.get({ blocking: true });
  await consume();
  assertEquals(await asTimePasses(clock, waiting), [1, 2, 3]);
});

onEveryStorage("the timeout is one for all of them", async ({ huey, clock }) => {
  const results = await echo(huey).map([[1], [2], [3]]);
  const reading = assertRejects(() => results.get({ blocking: true, timeout: "10s" }), ResultTimeout);
  await clock.advance("6s");
  await huey.drain({ maxTasks: 1, concurrency: 1 });
  const { message } = await asTimePasses(clock, reading);
  const left = Number(/within (\d+) ms/.exec(message)![1]);
  assertLessOrEqual(left, 4_000, "the second one had a time of its own");
});

onEveryStorage("with revokeOnTimeout the one that was waited for is revoked", async ({ huey, clock }) => {
  const results = await echo(huey).map([[1], [2]]);
  const read = () => results.get({ blocking: true, timeout: "1s", revokeOnTimeout: true });
  await asTimePasses(clock, assertRejects(read, ResultTimeout));
  await huey.drain();
  assertEquals([await results.at(0)!.status(), await results.at(1)!.status()], ["revoked", "complete"]);
});

onEveryStorage("with preserve: false the values are taken", async ({ huey }) => {
  const results = await echo(huey).map([[1], [2]]);
  await huey.drain();
  assertEquals(await results.get({ preserve: false }), [1, 2]);
  assertEquals([await results.get(), (await huey.counts()).results], [[undefined, undefined], 0]);
});

onEveryStorage("an aborted signal ends a read of a group, with its reason", async ({ huey }) => {
  const results = await echo(huey).map([[1], [2]]);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => results.get({ blocking: true, signal }), Error, "enough");
});

onEveryStorage("asCompleted gives the handles as their tasks end", async ({ huey, clock }) => {
  const work = echo(huey);
  const results = await huey.enqueue([0, 1, 2].map((n) => work.s(n).with({ priority: [2, 1, 3][n] })));
  const order: unknown[] = [];
  const reading = (async () => {
    for await (const result of results.asCompleted()) order.push(await result.get());
  })();
  for (const ended of [[2], [2, 0], [2, 0, 1]]) {
    await huey.drain({ maxTasks: 1 });
    await asTimePasses(clock, eventually(() => order.length === ended.length));
    assertEquals(order, ended);
  }
  await reading;
});

onEveryStorage("asCompleted gives those that failed or were revoked, too", async ({ huey, clock, consume }) => {
  const gone = echo(huey).s(1);
  await huey.revoke(gone);
  const fail = huey.task("fail", () => {
    throw new Error("no");
  });
  const results = await huey.enqueue([fail.s(), huey.task("work", () => 5).s(), gone]);
  await consume();
  const statuses: string[] = [];
  const reading = (async () => {
    for await (const result of results.asCompleted()) statuses.push(await result.status());
  })();
  await asTimePasses(clock, reading);
  assertEquals(statuses.sort(), ["complete", "error", "revoked"]);
});

onEveryStorage("asCompleted ends with its timeout", async ({ huey, clock }) => {
  const results = await echo(huey).map([[1], [2]]);
  const reading = (async () => {
    for await (const _ of results.asCompleted({ timeout: "5s" }));
  })();
  await asTimePasses(clock, assertRejects(() => reading, ResultTimeout));
});

onEveryStorage("who leaves asCompleted early leaves nobody waiting", async ({ huey, clock }) => {
  const results = await echo(huey).map([[1], [2]]);
  await huey.drain({ maxTasks: 1, concurrency: 1 });
  for await (const result of results.asCompleted()) {
    assertEquals(await result.get(), 1);
    break;
  }
  const before = huey.core.storage.requests;
  await clock.advance("1m");
  assertEquals(huey.core.storage.requests, before);
});

onEveryStorage("asCompleted of nothing is over at once", async ({ huey }) => {
  for await (const _ of (await huey.enqueue([])).asCompleted()) throw new Error("there is none");
});

onEveryStorage("the first of a group that failed throws, and the rest can still be read", async ({ huey }) => {
  const work = huey.task("work", (n: number) => {
    if (n === 2) throw new Error("two");
    return n;
  });
  const results = await work.map([[1], [2], [3]]);
  await huey.drain();
  await assertRejects(() => results.get({ blocking: true }), TaskException, "two");
  assertEquals(await results.at(2)!.get(), 3);
});
