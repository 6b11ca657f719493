/** Whatever is in the storage: no crash, nothing that was not registered is run, everything ends, and nothing is quoted. */
import { test } from "node:test";
import { configure, reset } from "@logtape/logtape";
import { assert, assertEquals } from "@std/assert";
import { chord, Huey, HueyError, memory, type Storage } from "@hq/huey";
import { TestClock } from "@hq/huey/testing";
import fc from "fast-check";
import { damaged, isUnpolluted, SPECIAL_NAMES, text, value } from "./hostile.ts";

const RUNS = 300;
const SECRET = "hunter2";
/** Beyond that, a drain goes round and round. */
const MOST_REQUESTS = 60;

/** A program whose storage somebody else can write to. */
function open(): { huey: Huey; storage: Storage; clock: TestClock; ran: string[] } {
  const clock = new TestClock();
  const factory = memory();
  const huey = new Huey("fuzz", { storage: factory, clock, lease: "1s" });
  const ran: string[] = [];
  huey.task("work", { retries: 1 }, (...args: unknown[]) => void ran.push(`work ${args.length}`));
  huey.task("limited", { rateLimit: { limit: 1, per: 1 }, lock: "lock", concurrency: { limit: 1 } }, () => {
    ran.push("limited");
  });
  return { huey, storage: factory("fuzz"), clock, ran };
}

/** Runs all there is, and looks at it in every way there is. */
async function use({ huey, storage, clock, ran }: ReturnType<typeof open>, ids: string[]): Promise<void> {
  const lines: string[] = [];
  await configure({
    reset: true,
    sinks: { list: (record) => lines.push(JSON.stringify([record.message, record.properties])) },
    loggers: [
      { category: ["huey"], sinks: ["list"], lowestLevel: "trace" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    for (let round = 0; round < 6; round++) {
      const { requests } = await huey.drain({ maxRequests: MOST_REQUESTS });
      assert(requests < MOST_REQUESTS, `a drain has sent ${requests} requests`);
      await clock.advance("10s");
    }
    for (const id of ids) {
      const result = huey.result(id);
      for (const look of [() => result.get(), () => result.status(), () => result.progress()]) {
        await look().catch((error) => {
          assert(error instanceof HueyError, `${error.stack}`);
          assert(!`${error}`.includes(SECRET), `${error}`);
        });
      }
    }
    await Promise.all([huey.pending(), huey.scheduled(), huey.running(), huey.dead(), huey.counts()]);
    assert(ran.every((line) => /^work|^limited/.test(line)));
    const { queued, running } = await storage.counts(clock.now());
    assertEquals({ queued, running }, { queued: 0, running: 0 }, "something goes round and round");
    assertEquals(lines.filter((line) => line.includes(SECRET)), []);
    assert(isUnpolluted());
  } finally {
    await reset();
  }
}

/** The body of a message with all that one can have. */
async function envelope(): Promise<unknown> {
  const { huey, storage } = open();
  const work = huey.task("other", (...args: unknown[]) => args);
  const member = work.s(1).with({ priority: 1, expires: 5, timeout: 3, retries: 2 }).pipe(work).error(work);
  await huey.enqueue(chord([member], work));
  const [{ message }] = await storage.list("queued");
  return JSON.parse(message.body.slice(1).replaceAll('"other"', '"work"').replaceAll(message.id, "id"));
}

test("whatever the body of a message is, it becomes a dead letter or runs", async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom("work", "limited", ...SPECIAL_NAMES), async (body, name) => {
      const program = open();
      await program.storage.exchange({ now: program.clock.now(), enqueue: [{ id: "id", name, body: body + SECRET }] });
      await program.storage.exchange({ now: program.clock.now(), enqueue: [{ id: "id2", name, body }] });
      await use(program, ["id", "id2"]);
      assertEquals((await program.huey.dead()).length, 2);
    }),
    { numRuns: RUNS },
  );
});

test("whatever is damaged in a message, it becomes a dead letter or runs", async () => {
  const original = await envelope();
  await fc.assert(
    fc.asyncProperty(damaged(original), async (json) => {
      const program = open();
      await program.storage.exchange({
        now: program.clock.now(),
        enqueue: [{
          id: "id",
          name: "work",
          body: `~${json.replace(/^\{/, `{"secret":"${SECRET}",`).replace(",}", "}")}`,
        }],
      });
      await use(program, ["id"]);
    }),
    { numRuns: RUNS },
  );
});

test("a message that goes in circles, or is nested too deeply, becomes a dead letter", async () => {
  const deep = (depth: number): string =>
    `${'{"id":"id","name":"work","args":[],"stages":['.repeat(depth)}${"]}".repeat(depth)}`;
  const bodies = [
    'r[[1,6],{"id":2,"name":3,"args":4,"stages":5},"id","work",[],[1],["Map"]]',
    'r[[1,6],{"id":2,"name":3,"args":4,"handler":1},"id","work",[],[1],["Map"]]',
    `~${deep(400)}`,
    `~${deep(100_000)}`,
    `~${"[".repeat(1_000_000)}`,
    `r${"[".repeat(1_000_000)}`,
  ];
  for (const body of bodies) {
    const program = open();
    await program.storage.exchange({ now: program.clock.now(), enqueue: [{ id: "id", name: "work", body }] });
    await use(program, ["id"]);
  }
});

test("whatever stands where an outcome, a mark, a lock, a limit or a part is expected, nobody hangs or crashes", async () => {
  const stored = fc.oneof(text, value.map((value) => `~${JSON.stringify(value)}`));
  await fc.assert(
    fc.asyncProperty(stored, async (garbage) => {
      const program = open();
      const { huey, storage, clock } = program;
      const now = clock.now();
      const ids = ["a", "b", "c"];
      const [a, b, c] = ids.map((id) =>
        huey.core.serializer.encode({ id, name: id === "b" ? "limited" : "work", args: [] })
      );
      const mark = huey.core.serializer.encode({ id: "mark", name: "work", args: [], schedule: "x" });
      await storage.exchange({
        now,
        enqueue: [
          { id: "a", name: "work", body: await a },
          { id: "b", name: "limited", body: await b },
          { id: "c", name: "work", body: await c, parts: 1 },
          { id: "giver", name: "work", body: "" },
          { id: "dead", name: "work", body: "" },
          { id: "mark", name: "work", body: await mark },
        ],
        claim: { limit: 0, lease: 1 },
      });
      await storage.exchange({
        now,
        settle: [
          { resting: { id: "giver", states: ["queued"] }, joins: [{ id: "c", index: 0, value: garbage }] },
          { resting: { id: "dead", states: ["queued"] }, bury: garbage },
        ],
      });
      for (const key of ["id:a", "name:limited"]) await storage.put("revoked", key, garbage, { now });
      for (const key of ["rate:task:limited::0", "busy:limited::0"]) {
        await storage.put("limits", key, garbage, { now, ttl: 100 });
      }
      for (const key of ["rate:task:limited::0"]) await storage.put("limits", key, garbage, { now });
      await storage.put("schedules", "at:x", garbage, { now });
      await storage.put("progress", "a", garbage, { now });
      await storage.put("results", "old", garbage, { now });
      await use(program, [...ids, "old"]);
    }),
    { numRuns: RUNS },
  );
});
