import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
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

const ROOM = 256 * 1024;

/** Makes a file system of little room, in this folder. */
function mountSmall(folder: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${ROOM}`, "tmpfs", folder], { stdio: "ignore" });
}

/** Ends it, and removes the folder. */
function unmount(folder: string): void {
  execFileSync("umount", ["-l", folder]);
  rmSync(folder, { recursive: true, force: true });
}

/** Whether we may. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "huey-"));
  try {
    mountSmall(folder);
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return false;
  }
  unmount(folder);
  return true;
}

/** Writes until nothing more can be written. */
function fill(path: string): void {
  for (const size of [4_096, 1]) {
    assertThrows(() => {
      // Not for ever, should it not be the small one.
      for (let written = 0; written <= ROOM; written += size) writeFileSync(path, new Uint8Array(size), { flag: "a" });
    }, Error);
  }
}

test(
  "a database that cannot be opened as the disk is full is opened when there is room",
  { skip: !canMount() },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-"));
    mountSmall(folder);
    try {
      const path = join(folder, "huey.db");
      const first = new Huey("full", { storage: sqlite(path) });
      const result = await first.task("echo", (text: string) => text)("hello");
      await first.close();
      fill(join(folder, "filler"));
      const second = new Huey("full", { storage: sqlite(path) });
      second.task("echo", (text: string) => text);
      const error = await assertRejects(() => second.drain(), HueyError);
      // With that a consumer would give up.
      assert(!(error instanceof ConfigurationError), `${error}`);
      rmSync(join(folder, "filler"));
      await second.drain();
      assertEquals(await second.result(result.id).get(), "hello");
      await second.close();
    } finally {
      unmount(folder);
    }
  },
);
