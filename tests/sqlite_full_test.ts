import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigurationError, Huey, HueyError } from "@hq/huey";
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

/** A file system of little room; `undefined` where none may be mounted. */
function mountSmall(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "huey-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], { stdio: "ignore" });
    return folder;
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

function fill(path: string): void {
  for (const size of [4_096, 1]) {
    try {
      for (;;) writeFileSync(path, new Uint8Array(size), { flag: "a" });
    } catch {
      // Full, for pieces of this size.
    }
  }
}

const small = mountSmall();

test(
  "a database that cannot be opened as the disk is full is opened when there is room",
  { skip: !small },
  async () => {
    const path = join(small!, "huey.db");
    try {
      const first = new Huey("full", { storage: sqlite(path) });
      const result = await first.task("echo", (text: string) => text)("hello");
      await first.close();
      fill(join(small!, "filler"));
      const second = new Huey("full", { storage: sqlite(path) });
      second.task("echo", (text: string) => text);
      const error = await assertRejects(() => second.drain(), HueyError);
      // With that a consumer would give up.
      assert(!(error instanceof ConfigurationError), `${error}`);
      rmSync(join(small!, "filler"));
      await second.drain();
      assertEquals(await second.result(result.id).get(), "hello");
      await second.close();
    } finally {
      execFileSync("umount", ["-l", small!]);
      rmSync(small!, { recursive: true, force: true });
    }
  },
);
