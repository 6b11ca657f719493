import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { sqlite } from "../adapters/sqlite.ts";
import { eventually } from "./eventually.ts";
import { type Child, inSandbox, type Sandbox } from "./sandbox.ts";

const USER = "tests/fixtures/sqlite_user.ts";

/** What the processes of a task have noted, a list for each. */
function notes(sandbox: Sandbox, task: string): string[][] {
  return readdirSync(sandbox.folder).filter((file) => file.includes(`.${task}.`)).map((file) =>
    readFileSync(`${sandbox.folder}/${file}`, "utf8").split("\n").filter(Boolean)
  );
}

test("sqlite: processes that share a file, made by one of them, take each message once", async () => {
  await inSandbox(async (sandbox) => {
    const path = `${sandbox.folder}/huey.db`;
    const storage = sqlite(path)("shared");
    const ids = Array.from({ length: 2_000 }, (_, i) => `m${i}`);
    await storage.exchange({ enqueue: ids.map((id) => ({ id, name: "task", body: "" })) });
    const users = [0, 1, 2].map(() => sandbox.start(USER, [path, "drain"]));
    assertEquals(
      await Promise.all(users.map(({ ended }) => ended)),
      [0, 0, 0],
      users.map((user) => user.output).join(),
    );

    const taken = notes(sandbox, "drain").flat();
    assertEquals(taken.length, ids.length);
    assertEquals(new Set(taken), new Set(ids));
    const { queued, running, scheduled, results } = await storage.counts();
    assertEquals({ queued, running, scheduled, results }, { queued: 0, running: 0, scheduled: 2_000, results: 2_000 });
    await storage.close!();
  });
});

test("sqlite: processes may make the same file at once", async () => {
  await inSandbox(async (sandbox) => {
    const path = `${sandbox.folder}/huey.db`;
    const users = [0, 1, 2].map(() => sandbox.start(USER, [path, "add"]));
    assertEquals(
      await Promise.all(users.map(({ ended }) => ended)),
      [0, 0, 0],
      users.map((user) => user.output).join(),
    );
    const storage = sqlite(path)("shared");
    assertEquals((await storage.counts()).queued, 1);
    await storage.close!();
  });
});

test("sqlite: who waits for work is woken by another process", async () => {
  await inSandbox(async (sandbox) => {
    const path = `${sandbox.folder}/huey.db`;
    const storage = sqlite(path)("shared");
    await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
    const signal = AbortSignal.timeout(60_000);
    const woken = storage.waitForWork!(signal);
    assertEquals(await sandbox.start(USER, [path, "add"]).ended, 0);
    await woken;
    assertEquals(signal.aborted, false);
    const { deliveries } = await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
    assertEquals(deliveries.map(({ message }) => message.id), ["from afar"]);
    await storage.close!();
  });
});

test("sqlite: nothing accepted is lost, and nothing is half done, when writers are killed at any instant", async () => {
  await inSandbox(async (sandbox) => {
    const path = `${sandbox.folder}/huey.db`;
    for (let kills = 1; kills <= 6; kills++) {
      const writers = [0, 1].map(() => sandbox.start(USER, [path, "write"]));
      const accepted = ({ pid }: Child): number => sandbox.lines(`huey.db.write.${pid}`).length;
      await eventually(() => writers.every((writer) => accepted(writer) > 20 * kills));
      writers.forEach((writer) => writer.kill("SIGKILL"));
      assertEquals(await Promise.all(writers.map(({ ended }) => ended)), ["SIGKILL", "SIGKILL"]);
    }

    const database = new DatabaseSync(path);
    const check = database.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
    assertEquals(check.integrity_check, "ok");
    database.close();

    const storage = sqlite(path)("shared");
    const accepted = notes(sandbox, "write").flat();
    assert(accepted.length > 100, `${accepted.length} were accepted`);
    for (const id of accepted) {
      const there = await storage.find(id) !== undefined;
      const [result] = await storage.peek("results", [id]);
      const followed = await storage.find(`after ${id}`) !== undefined;
      // Either it is still to be done, or it is done together with all that belongs to it.
      assertEquals({ id, there, done: result !== undefined, followed }, { id, there, done: !there, followed: !there });
    }
    await storage.close!();
  });
});
