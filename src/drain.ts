/**
 * Drain: what a consumer does, once, within a budget: offer the slots that are due, then claim and run what is ready.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { loopHands } from "./hands.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Settled } from "./settle.ts";
import { refuseUnknown } from "./task_options.ts";
import { type Duration, toCount, toMilliseconds } from "./time.ts";
import { Workers } from "./worker.ts";

/** For `huey.drain`. */
export interface DrainOptions {
  /** How many tasks to begin at most. @default {100} */
  maxTasks?: number;
  /** How long to go on at most. @default {"25s"} */
  budget?: Duration;
  /** How many requests to send to the storage at most; absent: any number. With fewer than 4 nothing is begun. */
  maxRequests?: number;
  /** How many tasks to run at once. @default {10} */
  concurrency?: number;
  /** Ends the drain: what is running is aborted and given back. */
  signal?: AbortSignal;
}

/** Why a drain ended. */
export type StoppedBy = "empty" | "tasks" | "budget" | "requests" | "signal";

/** What a drain did. */
export interface DrainReport {
  /** How many slots of periodic tasks it added. */
  periodic: number;
  /** How many messages it moved from the schedule to the queue. */
  promoted: number;
  /** How many messages it took back from lapsed leases. */
  recovered: number;
  /** How many functions it began. */
  executed: number;
  /** How many tasks failed for good. */
  failed: number;
  /** How many will run again. */
  retried: number;
  /** How many it gave back unfinished. */
  released: number;
  /** How many ready messages are left. */
  remaining: number;
  /** How many requests it sent to the storage. */
  requests: number;
  /** Why it ended. */
  stoppedBy: StoppedBy;
}

/**
 * Of the requests that may be sent, what is kept for one more round and for bringing back what is in hands: a server that
 * does not know a script yet takes two for one.
 */
const RESERVED_REQUESTS = 4;

const OPTIONS = "maxTasks budget maxRequests concurrency signal".split(" ");

/** Drains, and tells what was done. `scheduler` offers the slots of periodic tasks; `null`: nobody does. */
export async function drain(core: Core, options: DrainOptions, scheduler: Scheduler | null): Promise<DrainReport> {
  refuseUnknown(options, OPTIONS, "option of a drain");
  const { budget = "25s", signal } = options;
  const maxTasks = toCount("maxTasks", options.maxTasks ?? 100, 1);
  const maxRequests = toCount("maxRequests", options.maxRequests ?? Infinity, 1);
  const until = core.clock.now() + (budget === Infinity ? Infinity : toMilliseconds("budget", budget));
  const before = core.storage.requests;
  const report: DrainReport = {
    periodic: 0,
    promoted: 0,
    recovered: 0,
    executed: 0,
    failed: 0,
    retried: 0,
    released: 0,
    remaining: 0,
    requests: 0,
    stoppedBy: "empty",
  };

  let stoppedBy: StoppedBy | undefined = signal?.aborted
    ? "signal"
    : maxRequests < RESERVED_REQUESTS
    ? "requests"
    : undefined;
  let begun = 0;
  let isDry = false;
  let isCut = false;
  let failure: { error: unknown } | undefined;
  const ended = new AbortController();
  const workers: Workers = new Workers(core, {
    hands: loopHands(core, toCount("concurrency", options.concurrency ?? 10, 1)),
    deadline: until,
    quota: () => {
      if (begun >= maxTasks) stoppedBy ??= "tasks";
      if (core.clock.now() >= until) stoppedBy ??= "budget";
      if (core.storage.requests - before + RESERVED_REQUESTS > maxRequests) stoppedBy ??= "requests";
      return stoppedBy ? 0 : maxTasks - begun;
    },
    onClaimed: (answer, wanted) => {
      begun += answer.deliveries.length;
      report.promoted += answer.promoted;
      report.recovered += answer.recovered;
      isDry = answer.deliveries.length < wanted;
      endIfDone();
    },
    onFailed: (error) => {
      failure = { error };
      ended.abort();
    },
    onSettled: (settled, started) => {
      count(report, settled, started);
      endIfDone();
    },
    onExecuted: () => letGoIfDone(),
    onParked: () => {
      isCut = true;
      endIfDone();
      letGoIfDone();
      core.pump.poke();
    },
  });
  let letGo: (() => void) | undefined;
  let reopen: (() => void) | undefined;

  function endIfDone(): void {
    if (workers.busy === 0 && (isDry || workers.wants() === 0)) ended.abort();
  }

  /** Just enough requests are left: what runs may end, and then all of it is settled at once. */
  function closeIfUsedUp(): void {
    const used = core.storage.requests - before + core.meter.underWay;
    if (letGo || used + RESERVED_REQUESTS < maxRequests) return;
    stoppedBy ??= "requests";
    reopen = core.meter.close(before + maxRequests);
    letGo = core.pump.hold();
    // What is under way may bring more to run.
    void core.pump.idle().then(letGoIfDone);
    // Leases cannot be renewed any more, so nothing may go on for long.
    core.clock.sleep(core.settings.lease / 2, ended.signal).then(() => workers.interrupt(), () => {});
    letGoIfDone();
  }

  function letGoIfDone(): void {
    if (workers.executing > 0 || core.pump.isSending) return;
    letGo?.();
    letGo &&= () => {};
  }

  if (!stoppedBy) {
    const unwatch = core.meter.watch(closeIfUsedUp);
    const due = await scheduler?.due();
    const stop = (): void => {
      stoppedBy ??= "signal";
      ended.abort();
    };
    signal?.addEventListener("abort", stop, { once: true });
    workers.start();
    const offering = (due ? scheduler!.offer(due) : Promise.resolve(0)).catch((error) => {
      failure ??= { error };
      return 0;
    });
    await core.clock.sleep(Math.max(0, Math.min(until - core.clock.now(), 2 ** 40)), ended.signal)
      .then(() => stoppedBy ??= "budget", () => {});
    signal?.removeEventListener("abort", stop);
    workers.pause();
    await core.pump.idle();
    workers.interrupt();
    await workers.idle();
    workers.end();
    unwatch();
    letGo?.();
    reopen?.();
    const offered = await offering;
    report.periodic += offered;
    if (failure) throw failure.error;
    if (isCut) stoppedBy ??= "budget";
  }
  if (stoppedBy && core.storage.requests - before + 2 <= maxRequests && !core.meter.isClosed) {
    report.remaining = (await core.storage.counts(core.storageTime(), { results: false })).queued;
  }
  return { ...report, requests: core.storage.requests - before, stoppedBy: stoppedBy ?? "empty" };
}

function count(report: DrainReport, settled: Settled, started: boolean): void {
  if (settled === "slot") report.periodic++;
  if (started) report.executed++;
  if (settled === "failed") report.failed++;
  if (settled === "retried") report.retried++;
  if (settled === "released") report.released++;
}
