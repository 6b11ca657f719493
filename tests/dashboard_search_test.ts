/** Searches of the dashboard, however deep what is searched for lies, on each kind of storage. */
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertLess, assertLessOrEqual, assertMatch } from "@std/assert";
import { Huey, memory, type State, type Storage, type StorageFactory } from "@hq/huey";
import { dashboard } from "@hq/huey/dashboard";
import { isOwnTurn } from "./shares.ts";
import { KINDS } from "./stores.ts";

const DEEP = 23_456;
const ALL = 25_000;

/** Puts many tasks into a storage, one named otherwise among them, deep down. */
async function fill(storage: Storage): Promise<void> {
  const message = { name: "work", body: "~" };
  for (let from = 0; from < ALL; from += 1_000) {
    const enqueue = Array.from({ length: 1_000 }, (_, i) => ({ ...message, id: `id ${from + i}` }));
    if (from <= DEEP && DEEP < from + 1_000) enqueue[DEEP - from].name = "Needle";
    await storage.exchange({ enqueue });
  }
}

function open(huey: Huey) {
  // Each from a dashboard of its own, so that nothing is shown from before.
  return async (path: string) => {
    const response = await dashboard(huey, { auth: "none" }).fetch(new Request(`http://shop.test${path}`));
    return await response.text();
  };
}

function linkIn(page: string, text: string): string | undefined {
  return new RegExp(`href="([^"]*)">${text}<`).exec(page)?.[1].replaceAll("&amp;", "&");
}

function namesIn(page: string): string[] {
  return [...page.matchAll(/class="name"[^>]*>(\w+)</g)].map(([, name]) => name);
}

/** Fails unless a task that lies deep is found by its id at once, and by its name by going on. */
async function findDeep(storage: StorageFactory): Promise<void> {
  const huey = new Huey("deep", { storage });
  await fill(huey.core.storage);
  const page = open(huey);
  for (const state of ["queued", "scheduled", "running", "finished", "failed", "dead"]) {
    assertEquals(namesIn(await page(`/tasks?state=${state}&q=id+${DEEP}`)), ["Needle"], state);
  }
  let [text, looked] = [await page("/tasks?state=queued&q=NEEDLE"), 1];
  assertMatch(text, /0 found among 1 to 10,000 of 25,000/);
  for (; namesIn(text).length === 0; looked++) text = await page(linkIn(text, "Search further")!);
  assertEquals([looked, namesIn(text)], [3, ["Needle"]]);
  assertMatch(text, /1 found among 20,001 to 25,000 of 25,000/);
  assertEquals(linkIn(text, "Search further"), undefined);
  assertEquals(linkIn(text, "From the start"), "/tasks?state=queued&q=NEEDLE");
  // Without a search every page can be looked at.
  assertMatch(await page("/tasks?state=queued&page=500"), /24,951 to 25,000 of 25,000/);
  await huey.close();
}

for (const [i, [kind, start]] of Object.entries(KINDS).entries()) {
  // Deno KV, which takes longest, is Deno's.
  if (!isOwnTurn(i + 1)) continue;
  test(`dashboard search: what lies deep in ${kind} is found`, async () => {
    const store = (await start()).create();
    try {
      await findDeep(store.open());
    } finally {
      await store.remove?.();
    }
  });
}

test("dashboard search: a task is found by its id in each state, also when all that is left of it is its outcome", async () => {
  const huey = new Huey("states");
  const page = open(huey);
  const work = huey.task("work", () => {});
  const fail = huey.task("fail", () => {
    throw new Error("no");
  });
  await huey.enqueue(work.s().with({ id: "complete" }));
  await huey.enqueue(fail.s().with({ id: "failed" }));
  await huey.drain();
  await huey.enqueue(work.s().with({ id: "queued" }));
  await huey.enqueue(work.s().with({ id: "scheduled", delay: 60 }));
  const found = { complete: "complete", failed: "error", queued: "queued", scheduled: "scheduled" };
  for (const [id, badge] of Object.entries(found)) {
    for (const path of ["tasks?state=waiting", "tasks?state=finished", "dead?"]) {
      const text = await page(`/${path}&q=${id}`);
      assertMatch(text, new RegExp(`href="/tasks/${id}"[^]*class="badge[^"]*">${badge}<`), `${id} at ${path}`);
    }
  }
  // What is listed anyway is not shown twice.
  assertEquals(namesIn(await page("/tasks?state=queued&q=queued")), ["work"]);
  assertEquals(namesIn(await page("/tasks?state=queued&q=complet")), []);
  await huey.close();
});

test("dashboard search: a page ends where it is full, and the next one goes on from there", async () => {
  const huey = new Huey("many");
  const page = open(huey);
  const work = huey.task("work", (_n: number) => {});
  const other = huey.task("other", (_n: number) => {});
  for (let i = 0; i < 120; i++) await (i % 2 === 0 ? work : other)(i);
  const seen: string[] = [];
  let path: string | undefined = "/tasks?state=queued&name=work";
  const sizes: number[] = [];
  for (; path;) {
    const text: string = await page(path);
    const ids = [...text.matchAll(/class="mono quiet" href="\/tasks\/([^"]*)"/g)].map(([, id]) => id);
    sizes.push(ids.length);
    seen.push(...ids);
    path = linkIn(text, "Search further");
  }
  assertEquals([sizes, new Set(seen).size], [[50, 10], 60]);
  await huey.close();
});

test("dashboard search: it reads a part at a time, is not repeated for each who looks, and its page is small", async () => {
  const asked: { limit?: number; offset?: number }[] = [];
  const storage = memory()("watched");
  const list = storage.list.bind(storage);
  storage.list = (state: State, options = {}) => {
    asked.push(options);
    return list(state, options);
  };
  await fill(storage);
  const huey = new Huey("watched", { storage: () => storage });
  const app = dashboard(huey, { auth: "none" });
  const text = await (await app.fetch(new Request("http://shop.test/tasks?state=queued&q=id"))).text();
  assertEquals(namesIn(text).length, 50);
  assertEquals(asked.length, 1, "no more is looked at than fills the page");
  assertLess(gzipSync(text).length, 15_000);
  await app.fetch(new Request("http://shop.test/tasks?state=queued&q=nowhere"));
  assert(asked.every(({ limit = Infinity }) => limit <= 1_000));
  assertLessOrEqual(asked.length, 12);
  const { length } = asked;
  await app.fetch(new Request("http://shop.test/tasks?state=queued&q=nowhere"));
  assertEquals(asked.length, length);
  await huey.close();
});

test("dashboard search: an address that says nonsense shows the beginning", async () => {
  const huey = new Huey("nonsense");
  const page = open(huey);
  await huey.task("work", () => {})();
  for (const from of ["-1", "1.5", "x", "1e99", "Infinity"]) {
    assertEquals(namesIn(await page(`/tasks?state=queued&q=work&from=${from}`)), ["work"], from);
  }
  assertMatch(await page("/tasks?state=queued&q=work&from=7"), /Nothing matches/);
  await huey.close();
});
