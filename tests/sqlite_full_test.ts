import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Huey, HueyError } from "@hq/huey";
import { sqlite, type SqliteDatabase } from "@hq/huey/sqlite";
import { TestClock } from "@hq/huey/testing";
import { asTimePasses, eventually } from "./eventually.ts";

const SECRET = "hunter2";
const LARGE = SECRET.repeat(100_000);

test("on a disk that is full a call throws, and what was done is settled when there is room", async () => {
  const database = new DatabaseSync(":memory:");
  const limit = (pages: number): unknown => database.prepare(`PRAGMA max_page_count = ${pages}`).get();
  const clock = new TestClock();
  const huey = new Huey("full", { storage: sqlite(database as SqliteDatabase), clock });
  const echo = huey.task("echo", (text: string) => text);
  let isFull = false;
  const enlarge = huey.task("enlarge", () => {
    const { page_count } = database.prepare("PRAGMA page_count").get() as { page_count: number };
    limit(page_count + 4);
    isFull = true;
    return LARGE;
  });
  const consumer = huey.createConsumer();
  try {
    const result = await enlarge();
    await consumer.start();
    await eventually(() => isFull);
    const { message } = await assertRejects(() => echo(LARGE), HueyError);
    assertStringIncludes(message, "full");
    assertEquals(message.includes(SECRET), false);
    assertEquals(await result.isReady(), false);
    limit(1_000_000);
    assertEquals(await asTimePasses(clock, result.get({ blocking: true })), LARGE);
    // The call that threw was not accepted.
    assertEquals((await huey.counts()).queued, 0);
  } finally {
    await consumer.stop({ graceful: false });
    await huey.close();
    database.close();
  }
});
