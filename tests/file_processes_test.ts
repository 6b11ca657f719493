import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Storage } from "../src/storage.ts";
import { eventually } from "./eventually.ts";
import { type Child, inSandbox, type Sandbox } from "./sandbox.ts";
import { isOwnTurn } from "./shares.ts";
import { FILE_KINDS, openFile } from "./storage_files.ts";

interface Bench {
  sandbox: Sandbox;
  /** Where the file is. */
  path: string;
  /** It, opened in this process when it is first called. */
  storage(): Promise<Storage>;
  /** Starts a process that does something to the file. */
  start(task: "drain" | "write" | "add"): Child;
}

let registered = 0;

/** A test with a file of its own: on SQLite under every runtime, on Deno KV, which takes long, by turns. */
function onEachFile(title: string, body: (bench: Bench) => Promise<void>): void {
  const isTurn = isOwnTurn(registered++);
  for (const kind of FILE_KINDS) {
    if (kind === "deno-kv" && !isTurn) continue;
    test(`a file of ${kind}: ${title}`, async () => {
      await inSandbox(async (sandbox) => {
        const path = `${sandbox.folder}/huey.db`;
        let opened: Promise<Storage> | undefined;
        await body({
          sandbox,
          path,
          storage: () => opened ??= openFile(kind, path),
          start: (task) => sandbox.start("tests/fixtures/file_user.ts", [kind, path, task]),
        });
        const storage = await opened;
        await storage?.close?.();
      });
    });
  }
}

/** Waits for the end of processes, which must be a good one. */
async function allEnd(users: Child[]): Promise<void> {
  const codes = await Promise.all(users.map(({ ended }) => ended));
  assertEquals(codes, users.map(() => 0), users.map((user) => user.output).join());
}

/** What the processes of a task have noted, a list for each. */
function notes(sandbox: Sandbox, task: string): string[][] {
  return readdirSync(sandbox.folder).filter((file) => file.includes(`.${task}.`)).map((file) =>
    readFileSync(`${sandbox.folder}/${file}`, "utf8").split("\n").filter(Boolean)
  );
}

onEachFile("processes that share a file, made by one of them, take each message once", async (bench) => {
  const storage = await bench.storage();
  const ids = Array.from({ length: 1_000 }, (_, i) => `m${i}`);
  await storage.exchange({ enqueue: ids.map((id) => ({ id, name: "task", body: "" })) });
  await allEnd([0, 1, 2].map(() => bench.start("drain")));
  const taken = notes(bench.sandbox, "drain").flat();
  assertEquals(taken.length, ids.length);
  assertEquals(new Set(taken), new Set(ids));
  const { queued, running, scheduled, results } = await storage.counts();
  assertEquals({ queued, running, scheduled, results }, { queued: 0, running: 0, scheduled: 1_000, results: 1_000 });
});

onEachFile("processes may make the same file at once", async (bench) => {
  await allEnd([0, 1, 2].map(() => bench.start("add")));
  assertEquals((await (await bench.storage()).counts()).queued, 1);
});

onEachFile("who waits for work is woken by another process", async (bench) => {
  const storage = await bench.storage();
  await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
  const signal = AbortSignal.timeout(60_000);
  const woken = storage.waitForWork!(signal);
  await allEnd([bench.start("add")]);
  await woken;
  assertEquals(signal.aborted, false);
  const { deliveries } = await storage.exchange({ claim: { limit: 1, lease: 1_000 } });
  assertEquals(deliveries.map(({ message }) => message.id), ["from afar"]);
});

onEachFile("nothing accepted is lost, and nothing is half done, when writers are killed", async (bench) => {
  const { sandbox, path } = bench;
  for (let kills = 1; kills <= 6; kills++) {
    const writers = [0, 1].map(() => bench.start("write"));
    const accepted = ({ pid }: Child): number => sandbox.lines(`huey.db.write.${pid}`).length;
    await eventually(() => writers.every((writer) => accepted(writer) > 20 * kills));
    writers.forEach((writer) => writer.kill("SIGKILL"));
    assertEquals(await Promise.all(writers.map(({ ended }) => ended)), ["SIGKILL", "SIGKILL"]);
  }

  // Deno KV keeps its files with SQLite, too.
  const database = new DatabaseSync(path);
  const check = database.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
  assertEquals(check.integrity_check, "ok");
  database.close();

  const storage = await bench.storage();
  const accepted = notes(sandbox, "write").flat();
  assert(accepted.length > 100, `${accepted.length} were accepted`);
  for (const id of accepted) {
    const there = await storage.find(id) !== undefined;
    const [result] = await storage.peek("results", [id]);
    const followed = await storage.find(`after ${id}`) !== undefined;
    // Either it is still to be done, or it is done together with all that belongs to it.
    assertEquals({ id, there, done: result !== undefined, followed }, { id, there, done: !there, followed: !there });
  }
});
