import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Bell, bellOf } from "../adapters/sqlite_bell.ts";
import { Connection } from "../adapters/sqlite_connection.ts";
import { Watch } from "../adapters/sqlite_watch.ts";
import { eventually } from "./eventually.ts";

/** Runs a test with a connection of ours to a file, and one of somebody else. */
async function withFile(body: (ours: Connection, other: DatabaseSync, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/huey-`);
  const path = `${folder}/huey.db`;
  const ours = new Connection(path, "normal");
  ours.enter();
  await ours.open();
  const other = new DatabaseSync(path);
  other.exec("CREATE TABLE news (n)");
  try {
    await body(ours, other, path);
  } finally {
    ours.leave();
    other.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fails if it takes for ever. */
async function soon(promise: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const late = new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error("It takes for ever")), 60_000);
    ended.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  await Promise.race([promise, late]).finally(() => ended.abort());
}

const never = new AbortController().signal;

test("sqlite: the operating system tells of commits, while it is listened to", async () => {
  await withFile(async (ours, other) => {
    let rung = (): void => {};
    const bell = await bellOf(ours.file(), () => rung());
    assert(bell);
    assertEquals(bell.isTrusted, false);
    bell.open();
    assertEquals(bell.isTrusted, true);
    for (let i = 0; i < 3; i++) {
      let isTold = false;
      rung = () => isTold = true;
      // Again and again, since under Bun it takes a moment until anybody listens.
      await eventually(() => {
        other.exec("INSERT INTO news VALUES (1)");
        return isTold;
      });
    }
    bell.close();
    assertEquals(bell.isTrusted, false);
  });
});

test("sqlite: a database without a file has no bell", async () => {
  assertEquals(await bellOf("", () => {}), undefined);
  assertEquals(await bellOf(undefined, () => {}), undefined);
});

test("sqlite: where nothing can be watched nothing is told, and nothing is thrown", () => {
  const files = {
    existsSync: () => true,
    watch: () => {
      throw new Error("ENOSPC: a limit is reached");
    },
  };
  const bell = new Bell("huey.db", files, () => {});
  bell.open();
  assertEquals(bell.isTrusted, false);
  bell.close();
});

test("sqlite: a bell that keeps silent is not trusted until it has told again and again", () => {
  const files = { existsSync: () => true, watch: () => ({ on: () => {}, close: () => {} }) };
  const bell = new Bell("huey.db", files, () => {});
  bell.open();
  for (let i = 0; i < 100; i++) bell.judge(true);
  bell.judge(false);
  assertEquals(bell.isTrusted, true);
  bell.judge(false);
  assertEquals(bell.isTrusted, false);
  for (let i = 0; i < 100; i++) bell.judge(false);
  for (let told = 1; told <= 8; told++) {
    bell.judge(true);
    assertEquals(bell.isTrusted, false);
  }
  bell.judge(true);
  assertEquals(bell.isTrusted, true);
});

test("sqlite: who waits is woken by another's commit, also where the operating system tells nothing", async () => {
  const deaf = { existsSync: () => true, watch: () => ({ on: () => {}, close: () => {} }) };
  for (const ring of [bellOf, () => Promise.resolve(undefined), () => Promise.resolve(new Bell("", deaf, () => {}))]) {
    await withFile(async (ours, other) => {
      const watch = new Watch(ours, ring);
      const news = (): number => ours.get<{ n: number }>("SELECT count(*) AS n FROM news")!.n;
      for (let n = 1; n <= 3; n++) {
        const woken = watch.sleep("news", () => news() === n, never);
        await Promise.resolve();
        other.exec("INSERT INTO news VALUES (1)");
        await soon(woken);
      }
      watch.close();
    });
  }
});

test("sqlite: of many who wait those are woken for whom there is something, one after the other", async () => {
  await withFile(async (ours, other) => {
    const watch = new Watch(ours);
    const has = (n: number): boolean => ours.get("SELECT 1 FROM news WHERE n = ?", n) !== undefined;
    const woken: number[] = [];
    const all = Array.from({ length: 500 }, async (_, n) => {
      await watch.sleep("news", () => has(n), never);
      woken.push(n);
    });
    for (let n = 0; n < 500; n += 100) {
      assertEquals(woken.length, n);
      for (let i = n; i < n + 100; i++) other.exec(`INSERT INTO news VALUES (${i})`);
      await soon(Promise.all(all.slice(n, n + 100)));
    }
    watch.close();
  });
});

test("sqlite: who waits is woken when the storage is closed, and nobody waits after that", async () => {
  await withFile(async (ours) => {
    const watch = new Watch(ours);
    const waits = [watch.sleep("a", () => false, never), watch.sleep("b", () => false, never)];
    await Promise.resolve();
    watch.close();
    await soon(Promise.all(waits));
    await soon(watch.sleep("a", () => false, never));
    assertEquals(ours.sleepers, 0);
  });
});
