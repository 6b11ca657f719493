import { type Bench, type Case, LEASE, message, same, soon } from "./contract_bench.ts";

/** Waits for work, as an idle worker does: what resolved for nothing is followed by a claim and the next wait. */
async function workComes(bench: Bench, signal: AbortSignal): Promise<string[]> {
  for (;;) {
    const claimed = (await bench.claim()).map((delivery) => delivery.message.id);
    if (claimed.length > 0 || signal.aborted) return claimed;
    await bench.storage.waitForWork!(signal);
  }
}

/** Waits for a key, as a reader of a result does. */
async function keyComes(bench: Bench, key: string, signal: AbortSignal): Promise<string | undefined> {
  for (;;) {
    const value = await bench.result(key);
    if (value !== undefined || signal.aborted) return value;
    await bench.storage.waitForKey!("results", key, signal);
  }
}

/** A case of a storage that can be woken; one that cannot is polled by the core, and has nothing to show here. */
function waking(name: string, run: (bench: Bench, signal: AbortSignal) => Promise<void>): Case {
  return {
    name,
    run: async (bench) => {
      if (!bench.storage.waitForWork || !bench.storage.waitForKey) return;
      const controller = new AbortController();
      try {
        await run(bench, controller.signal);
      } finally {
        controller.abort();
      }
    },
  };
}

/** Waits, in real time: for what must come, and at most for a generous while. */
export const waitCases: readonly Case[] = [
  waking("wakes when a message is added", async (bench, signal) => {
    const work = workComes(bench, signal);
    await bench.enqueue(message("a"));
    same(await soon(work, "the wait for work ends"), ["a"], "what is handed out");
  }),
  waking("wakes when another storage of the name adds a message", async (bench, signal) => {
    const again = await bench.again();
    await bench.claim();
    const work = workComes(bench, signal);
    await again.exchange({ now: bench.now, enqueue: [message("a")] });
    same(await soon(work, "the wait for work ends"), ["a"], "what is handed out");
  }),
  waking("does not miss a message that is added between the claim and the wait", async (bench, signal) => {
    same(await bench.claim(), [], "what is handed out");
    await bench.enqueue(message("a"));
    await soon(bench.storage.waitForWork!(signal), "the wait for work ends, since a message was added before it began");
  }),
  waking("does not miss a message that another storage adds between the claim and the wait", async (bench, signal) => {
    const again = await bench.again();
    same(await bench.claim(), [], "what is handed out");
    await again.exchange({ now: bench.now, enqueue: [message("a")] });
    await soon(bench.storage.waitForWork!(signal), "the wait for work ends, since a message was added before it began");
  }),
  waking("wakes when a settlement adds, retries or releases a message", async (bench, signal) => {
    for (const next of ["enqueue", "retry", "release"]) {
      const { receipt } = await bench.start(message("a"));
      const work = workComes(bench, signal);
      await bench.accept(
        next === "enqueue"
          ? { receipt, enqueue: [message("b")] }
          : { receipt, ...next === "retry" ? { retry: message("a") } : { release: {} } },
      );
      const claimed = await soon(work, `the wait for work ends after ${next}`);
      same(claimed, [next === "enqueue" ? "b" : "a"], "what is handed out");
      await bench.storage.flush(["running"]);
    }
  }),
  waking("wakes when the last part of a message comes", async (bench, signal) => {
    await bench.enqueue(message("chord", { parts: 1 }));
    const { receipt } = await bench.start(message("a"));
    const work = workComes(bench, signal);
    await bench.accept({ receipt, joins: [{ id: "chord", index: 0, value: "1" }] });
    same(await soon(work, "the wait for work ends"), ["chord"], "what is handed out");
  }),
  waking("wakes when another storage promotes or recovers more than it takes", async (bench, signal) => {
    const again = await bench.again();
    await bench.start(message("lapsing"));
    await bench.enqueue(message("due", { delay: LEASE }));
    const work = workComes(bench, signal);
    await again.exchange({ now: bench.now + LEASE, claim: { limit: 1, lease: LEASE } });
    same((await soon(work, "the wait for work ends")).length, 1, "how many are handed out");
  }),
  waking("wakes several who wait for work", async (bench, signal) => {
    const again = await bench.again();
    await again.exchange({ now: bench.now, claim: { limit: 1, lease: LEASE } });
    await bench.claim();
    const waits = [bench.storage, bench.storage, again].map((storage) => storage.waitForWork!(signal));
    await bench.enqueue(message("a"), message("b"), message("c"));
    await soon(Promise.all(waits), "all waits for work end");
  }),
  waking("ends a wait when its signal is aborted, before it or during it", async (bench, signal) => {
    await bench.claim();
    const { storage } = bench;
    const controller = new AbortController();
    const waits = [controller.signal, AbortSignal.any([signal, controller.signal])].flatMap((each) => [
      storage.waitForWork!(each),
      storage.waitForKey!("results", "never", each),
    ]);
    controller.abort(new Error("the reason of the abort"));
    await soon(Promise.all(waits), "the waits end without an error");
    await soon(storage.waitForWork!(controller.signal), "the wait for work ends at once");
    await soon(storage.waitForKey!("results", "never", controller.signal), "the wait for a key ends at once");
  }),
  waking("wakes when a key is put", async (bench, signal) => {
    const value = keyComes(bench, "a", signal);
    await bench.storage.put("results", "a", "1", { now: bench.now });
    same(await soon(value, "the wait for the key ends"), "1", "the value");
  }),
  waking("wakes when a settlement of another storage writes the key", async (bench, signal) => {
    const again = await bench.again();
    const { receipt } = await bench.start(message("a"));
    const value = keyComes(bench, "a", signal);
    const writes = [{ space: "results" as const, key: "a", value: "" }];
    await again.exchange({ now: bench.now, settle: [{ receipt, writes }] });
    same(await soon(value, "the wait for the key ends"), "", "the value");
  }),
  waking("does not miss a key that is put between the look and the wait", async (bench, signal) => {
    const again = await bench.again();
    same(await bench.result("a"), undefined, "the value before");
    await again.put("results", "a", "1", { now: bench.now });
    await soon(
      bench.storage.waitForKey!("results", "a", signal),
      "the wait ends, since the key was put before it began",
    );
  }),
  waking("wakes all who wait for a key, of many keys", async (bench, signal) => {
    const keys = Array.from({ length: 50 }, (_, i) => `${i}`);
    const values = keys.map((key) => keyComes(bench, key, signal));
    for (const key of keys) await bench.storage.put("results", key, `of ${key}`, { now: bench.now });
    same(await soon(Promise.all(values), "all waits end"), keys.map((key) => `of ${key}`), "the values");
  }),
  waking("costs no requests to wait", async (bench) => {
    await bench.claim();
    const before = bench.storage.requests;
    const controller = new AbortController();
    const waits = [
      bench.storage.waitForWork!(controller.signal),
      bench.storage.waitForKey!("results", "a", controller.signal),
    ];
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    await soon(Promise.all(waits), "the waits end");
    same(bench.storage.requests - before, 0, "the requests");
  }),
  waking("ends the waits of a storage that is closed", async (bench, signal) => {
    if (!bench.storage.close) return;
    await bench.claim();
    const waits = [bench.storage.waitForWork!(signal), bench.storage.waitForKey!("results", "a", signal)];
    await bench.storage.close();
    await soon(Promise.all(waits), "the waits end");
  }),
];
