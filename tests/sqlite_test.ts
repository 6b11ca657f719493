import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { sqlite, type SqliteDatabase } from "../adapters/sqlite.ts";
import { MIGRATIONS, upgrade } from "../adapters/sqlite_schema.ts";
import { ConfigurationError, HueyError } from "../src/errors.ts";
import { Huey, SIGNAL_COMPLETE } from "../mod.ts";
import { storageContract } from "../src/testing/contract.ts";
import { TestClock } from "../src/testing/test_clock.ts";
import { eventually } from "./eventually.ts";

const shared = mkdtempSync(`${tmpdir()}/huey-`);
after(() => rmSync(shared, { recursive: true, force: true }));

storageContract("sqlite", sqlite(`${shared}/huey.db`));
storageContract("sqlite, a connection each", (name) => sqlite(`${shared}/huey.db`)(name));
storageContract("sqlite, without a file", sqlite(":memory:"));
storageContract("sqlite, given open", sqlite(new DatabaseSync(":memory:") as SqliteDatabase));

if (process.versions.bun) {
  // In a variable, since the other runtimes cannot resolve it.
  const driver = "bun:sqlite";
  const { Database } = await import(driver);
  storageContract("sqlite, given open by bun:sqlite", sqlite(new Database(":memory:")));
}

/** Runs a test with a folder of its own. */
async function inFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/huey-`);
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const one = { enqueue: [{ id: "a", name: "task", body: "" }] };

test("sqlite: a file is opened when it is first used", async () => {
  await inFolder(async (folder) => {
    const storage = sqlite(`${folder}/huey.db`)("a");
    assertEquals(existsSync(`${folder}/huey.db`), false);
    await storage.counts();
    assertEquals(existsSync(`${folder}/huey.db`), true);
    await storage.close!();
  });
});

test("sqlite: a file is in WAL mode, and closed with the last storage of the factory", async () => {
  await inFolder(async (folder) => {
    const open = sqlite(`${folder}/huey.db`);
    const [first, second] = [open("a"), open("b")];
    await first.exchange(one);
    await first.close!();
    await second.exchange(one);
    assertEquals(existsSync(`${folder}/huey.db-wal`), true);
    await second.close!();
    assertEquals(existsSync(`${folder}/huey.db-wal`), false);
    const third = open("a");
    assertEquals((await third.counts()).queued, 1);
    await third.close!();
  });
});

test("sqlite: a storage may be closed before it was used, or while it is being opened", async () => {
  await inFolder(async (folder) => {
    const open = sqlite(`${folder}/huey.db`);
    await open("a").close!();
    const storage = open("a");
    const counts = storage.counts();
    const closed = storage.close!();
    await assertRejects(() => counts, HueyError, "Cannot use a storage that is closed");
    await closed;
    assertEquals(existsSync(`${folder}/huey.db-wal`), false);
  });
});

test("sqlite: a database without a table of ours is brought to the newest version", async () => {
  await inFolder(async (folder) => {
    const database = new DatabaseSync(`${folder}/huey.db`);
    database.exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1); PRAGMA user_version = 7");
    const storage = sqlite(`${folder}/huey.db`)("a");
    await storage.exchange(one);
    assertEquals({ ...database.prepare("SELECT a FROM mine").get() }, { a: 1 });
    assertEquals({ ...database.prepare("PRAGMA user_version").get() }, { user_version: 7 });
    assertEquals({ ...database.prepare("SELECT version FROM huey_schema").get() }, { version: MIGRATIONS.length });
    database.close();
    await storage.close!();
  });
});

test("sqlite: an upgrade does what is missing, keeps what is there, and is done once", () => {
  const database = new DatabaseSync(":memory:");
  const migrations = [
    ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"],
    ["ALTER TABLE t ADD COLUMN b"],
    ["UPDATE t SET b = ifnull(b, 0) + 1"],
  ];
  upgrade(database as SqliteDatabase, migrations.slice(0, 1));
  upgrade(database as SqliteDatabase, migrations);
  upgrade(database as SqliteDatabase, migrations);
  assertEquals({ ...database.prepare("SELECT a, b FROM t").get() }, { a: 1, b: 1 });
  database.close();
});

test("sqlite: an upgrade that fails leaves everything as it was", () => {
  const database = new DatabaseSync(":memory:");
  upgrade(database as SqliteDatabase, [["CREATE TABLE t (a)"]]);
  const broken = [["CREATE TABLE t (a)"], ["ALTER TABLE t ADD COLUMN b"], ["NONSENSE"]];
  assertThrows(() => upgrade(database as SqliteDatabase, broken));
  assertEquals(database.prepare("SELECT name FROM pragma_table_info('t')").all().length, 1);
  assertEquals({ ...database.prepare("SELECT version FROM huey_schema").get() }, { version: 1 });
  database.close();
});

test("sqlite: a file of the first version is opened with what is in it", async () => {
  await inFolder(async (folder) => {
    const database = new DatabaseSync(`${folder}/huey.db`);
    upgrade(database as SqliteDatabase, MIGRATIONS.slice(0, 1));
    database.exec(`INSERT INTO huey_messages (queue, id, name, body, state, priority)
      VALUES ('a', 'old', 'task', '{}', 'queued', 2.5)`);
    database.close();
    const storage = sqlite(`${folder}/huey.db`)("a");
    const { deliveries } = await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
    assertEquals(deliveries.map(({ message }) => message), [{ id: "old", name: "task", body: "{}", priority: 2.5 }]);
    await storage.close!();
  });
});

test("sqlite: a file of a newer version of the library is refused and left alone", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/huey.db`;
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE huey_schema (version INTEGER NOT NULL); INSERT INTO huey_schema VALUES (1000)");
    const storage = sqlite(path)("a");
    const error = await assertRejects(() => storage.exchange(one), ConfigurationError, "newer version of the library");
    assertStringIncludes(error.message, path);
    assertEquals(database.prepare("SELECT name FROM sqlite_schema").all().length, 1);
    database.close();
    await storage.close!();
  });
});

test("sqlite: what is not a database is refused by its path and left alone", async () => {
  await inFolder(async (folder) => {
    writeFileSync(`${folder}/notes.txt`, "short");
    writeFileSync(`${folder}/book.txt`, "long ".repeat(5_000));
    mkdirSync(`${folder}/inner`);
    for (const path of [`${folder}/notes.txt`, `${folder}/book.txt`, `${folder}/inner`, `${folder}/missing/huey.db`]) {
      const storage = sqlite(path)("a");
      const error = await assertRejects(() => storage.exchange(one), ConfigurationError, "Cannot open the database");
      assertStringIncludes(error.message, path);
      const signal = AbortSignal.timeout(60_000);
      await storage.waitForWork!(signal);
      assertEquals(signal.aborted, false);
      await storage.close!();
    }
    assertEquals(readFileSync(`${folder}/notes.txt`, "utf8"), "short");
    assertEquals(readFileSync(`${folder}/book.txt`, "utf8"), "long ".repeat(5_000));
  });
});

test("sqlite: a path that could not be opened is tried again by the next operation", async () => {
  await inFolder(async (folder) => {
    const storage = sqlite(`${folder}/inner/huey.db`)("a");
    await assertRejects(() => storage.exchange(one), ConfigurationError);
    mkdirSync(`${folder}/inner`);
    assertEquals((await storage.exchange(one)).enqueued, [{ id: "a", added: true }]);
    await storage.close!();
  });
});

test("sqlite: a database that was given is used, and stays open", async () => {
  const database = new DatabaseSync(":memory:");
  const open = sqlite(database as SqliteDatabase);
  const [first, second] = [open("a"), open("a")];
  await first.exchange(one);
  const { deliveries } = await second.exchange({ claim: { limit: 1, lease: 1_000 } });
  assertEquals(deliveries.length, 1);
  await first.close!();
  await second.close!();
  await assertRejects(() => first.counts(), HueyError, "closed");
  assertEquals({ ...database.prepare("SELECT count(*) AS n FROM huey_tasks").get() }, { n: 1 });
  database.close();
});

test("sqlite: an operation waits for a lock that another holds, and the event loop goes on meanwhile", async () => {
  await inFolder(async (folder) => {
    const storage = sqlite(`${folder}/huey.db`)("a");
    await storage.counts();
    const other = new DatabaseSync(`${folder}/huey.db`);
    other.exec("BEGIN IMMEDIATE");
    let done = false;
    const exchange = storage.exchange(one).finally(() => done = true);
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(done, false);
    assertEquals((await storage.counts()).queued, 0);
    other.exec("COMMIT");
    assertEquals((await exchange).enqueued, [{ id: "a", added: true }]);
    other.close();
    await storage.close!();
  });
});

test("sqlite: an error tells nothing of what was to be written", async () => {
  const database = new DatabaseSync(":memory:");
  const storage = sqlite(database as SqliteDatabase)("a");
  await storage.counts();
  database.exec("PRAGMA query_only = ON");
  const secret = "the-secret-of-the-user";
  const message = { id: secret, name: secret, body: secret };
  for (const operation of [() => storage.put("keys", secret, secret), () => storage.exchange({ enqueue: [message] })]) {
    const error = await assertRejects(operation, HueyError, "Cannot use the database");
    for (let each: unknown = error; each !== undefined; each = (each as Error).cause) {
      assertInstanceOf(each, Error);
      assertEquals(`${each.message} ${each.stack} ${JSON.stringify(each)}`.includes(secret), false);
    }
  }
  await storage.close!();
  database.close();
});

test("sqlite: what has expired is swept by what comes after, a little at a time", async () => {
  const database = new DatabaseSync(":memory:");
  const storage = sqlite(database as SqliteDatabase)("a");
  const count = (table: string): number =>
    (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  const left = (): number => count("huey_tasks") + count("huey_values");
  const writes = Array.from(
    { length: 5_000 },
    (_, i) => ({ space: i % 2 === 0 ? "results" as const : "progress" as const, key: `${i}`, value: "", ttl: 10 }),
  );
  const { deliveries: [{ receipt }] } = await storage.exchange({ ...one, claim: { limit: 1, lease: 1_000 }, now: 0 });
  await storage.exchange({ settle: [{ receipt, writes }], now: 1 });
  assertEquals(left(), 5_000);
  let most = 0;
  await storage.put("keys", "a", "kept", { now: 2 });
  for (let now = 1_000; left() > 1; now += 1_000) {
    const before = left();
    await storage.put("keys", "a", "kept", { now });
    most = Math.max(most, before - left());
    assert(now < 1_000_000, `${left()} are left`);
  }
  assert(most < 1_000, `${most} were swept at once`);
  await storage.close!();
  database.close();
});

test("sqlite: nothing is kept of requests whose answers cannot be lost", async () => {
  const database = new DatabaseSync(":memory:");
  const huey = new Huey("a", { storage: sqlite(database as SqliteDatabase) });
  const { id } = await huey.task("echo", (text: string) => text)("hello");
  await huey.drain();
  assertEquals(await huey.result(id).get(), "hello");
  assertEquals({ ...database.prepare("SELECT count(*) AS n FROM huey_requests").get() }, { n: 0 });
  await huey.close();
  database.close();
});

test("sqlite: a request is answered as at first, also when only its settlements are sent again", async () => {
  const storage = sqlite(":memory:")("a");
  const { deliveries: [{ receipt }] } = await storage.exchange({ ...one, claim: { limit: 1, lease: 1_000 } });
  const enqueue = [{ id: "b", name: "task", body: "" }];
  const first = await storage.exchange({ request: "r", settle: [{ receipt }], enqueue });
  const again = await storage.exchange({ request: "r", settle: [{ receipt }] });
  assertEquals([again.settled, again.enqueued], [first.settled, first.enqueued]);
  await storage.close!();
});

test("sqlite: what takes no time is settled together, also what has ended apart before", async () => {
  const clock = new TestClock();
  const huey = new Huey("a", { storage: sqlite(":memory:"), clock });
  // As long as the tasks before them take different times, they end apart.
  const work = huey.task("work", async (n: number) => {
    for (let ticks = 0; n < 160 && ticks < n % 16; ticks++) await undefined;
  });
  const results = await work.map(Array.from({ length: 800 }, (_, n): [number] => [n]));
  const requests = { before: huey.core.storage.requests, after: 0 };
  huey.signal(SIGNAL_COMPLETE, (_, { id }) => {
    if (id === results.at(-1)!.id) requests.after = huey.core.storage.requests;
  });
  const consumer = huey.createConsumer({ workers: 16 });
  await consumer.start();
  await eventually(() => requests.after > 0);
  await consumer.stop();
  await huey.close();
  const sent = requests.after - requests.before;
  assert(sent < 100, `800 tasks by 16 workers took ${sent} requests`);
});

test("sqlite: who waits is woken when something will be ready sooner than the last claim told", async () => {
  const storage = sqlite(":memory:")("a");
  await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
  const signal = AbortSignal.timeout(60_000);
  const woken = storage.waitForWork!(signal);
  await storage.exchange({ enqueue: [{ id: "a", name: "task", body: "", delay: 60_000 }] });
  await woken;
  assertEquals(signal.aborted, false);
  await storage.close!();
});
