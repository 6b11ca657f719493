import { setImmediate } from "node:timers";
import { type AbortReason, type Attempt, Interrupted, LeaseLost } from "../../attempt.ts";
import type { Core } from "../../core.ts";
import { TaskCanceled, TaskTimeout } from "../../errors.ts";
import { aborted, type Ending, isAtMostOnce, limit } from "../../execute.ts";
import { freeHold } from "../../holds.ts";
import { log } from "../../log.ts";
import { toListedTask } from "../../message.ts";
import type { Recorder } from "../../recorder.ts";
import { lost, settle, type Settled } from "../../settle.ts";
import { SIGNAL_ERROR } from "../../signals.ts";
import type { Write } from "../../storage.ts";
import type { Task } from "../../task.ts";
import type { Channel, OpenChannel } from "./channel.ts";
import type { Birth, Reason, Report, WorkerEnd } from "./words.ts";
import { WorkerDied } from "./worker_died.ts";

/** How long, in milliseconds, a worker has for ending a task that it is to abort. Beyond that it is ended itself. */
const PATIENCE = 300;
/** How long it has for taking what it is handed while it does nothing else, and for answering. */
const LONG_PATIENCE = 3_000;
/** How long it has for the hooks of its shutdown. */
const HOOKS_PATIENCE = 10_000;

/** After which time of loading it is said that it still does. */
const LOADING = 30_000;

type Settle = () => Promise<Settled>;

/** A delivery in its hands. */
interface Held {
  attempt: Attempt;
  isTaken: boolean;
  resolve: (settle: Settle) => void;
  /** Aborted when it has left the worker's hands. */
  gone: AbortController;
}

/** Told what happens to a worker. */
export interface Watcher {
  /** It can take deliveries, or has said why it never will. */
  onReady(problem?: string): void;
  /** It has run a task. */
  onTask(memory: number): void;
  /** It is gone, with that many tasks in its hands. */
  onEnded(how: string, busy: number): void;
}

/** A thread or process that runs deliveries, as its supervisor has it. */
export class RemoteWorker {
  /** How many deliveries it was handed. */
  handed = 0;
  /** How many of them it has brought to an end. */
  finished = 0;
  readonly #core: Core;
  readonly #watcher: Watcher;
  readonly #channel: Channel;
  readonly #held = new Map<string, Held>();
  readonly #settling = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  readonly #loaded = new AbortController();
  readonly #gone = new AbortController();
  #isReady = false;
  /** Why we have ended it. */
  #killed: string | undefined;
  #heard = () => {};
  #onFree = () => {};

  /** Starts it. */
  constructor(core: Core, birth: Birth, open: OpenChannel, watcher: Watcher, write: (line: string) => void) {
    this.#core = core;
    this.#watcher = watcher;
    this.#channel = open((report) => report.say === "log" ? write(report.line) : this.#hear(report));
    this.#channel.send(birth);
    this.#within(LOADING, this.#loaded.signal, () => {
      log("worker")?.warn("Worker {number} ({name}) is still loading its modules", {
        number: birth.number,
        name: this.name,
      });
    });
    this.#ended = this.#channel.ended.then((how) => this.#onEnded(how));
  }

  /** What it is called in the log. */
  get name(): string {
    return this.#channel.name;
  }

  /** Whether it can be handed deliveries. */
  get isReady(): boolean {
    return this.#isReady && !this.#killed && !this.#gone.signal.aborted;
  }

  /** How many are in its hands. */
  get busy(): number {
    return this.#held.size;
  }

  /** Hands it a delivery; resolves when that has ended there, or the worker has. */
  run(attempt: Attempt): Promise<Settle> {
    const { delivery } = attempt;
    this.handed++;
    return new Promise((resolve) => {
      const held: Held = { attempt, isTaken: false, resolve, gone: new AbortController() };
      this.#held.set(delivery.receipt, held);
      // Not at once: the request that brought it may have settled an attempt before it, of which the worker hears first.
      setImmediate(() => this.#channel.send({ say: "run", delivery }));
      attempt.aborted.catch((reason) => this.#abort(held, reason));
      this.#within(LONG_PATIENCE, held.gone.signal, () => {
        const isWorking = [...this.#held.values()].some(({ attempt }) => attempt.started);
        if (!held.isTaken && !isWorking) this.kill("was killed, as it did not take a task");
      });
    });
  }

  /** Asks whether it is there, if it has nothing to do. */
  check(): void {
    if (this.#held.size > 0 || !this.isReady) return;
    const heard = new AbortController();
    this.#heard = () => heard.abort();
    this.#channel.send({ say: "ping" });
    this.#within(LONG_PATIENCE, heard.signal, () => {
      if (this.#held.size === 0) this.kill("was killed, as it did not answer");
    });
  }

  /** Lets it finish what it has, run its hooks, and go. */
  async retire(): Promise<void> {
    while (this.#held.size > 0) await new Promise<void>((resolve) => this.#onFree = resolve);
    // It has still to hear of what it has ended last, for the signals of that.
    const heard = new AbortController();
    void Promise.all(this.#settling).then(() => heard.abort());
    await this.#core.clock.sleep(LONG_PATIENCE, heard.signal).catch(() => {});
    if (this.isReady) {
      this.#channel.send({ say: "stop" });
      this.#within(HOOKS_PATIENCE, this.#gone.signal, () => this.kill("was killed, as its hooks did not end in time"));
    } else {
      this.kill("was not needed any more");
    }
    await this.#ended;
  }

  /** Ends it at once. */
  kill(why: string): void {
    if (this.#gone.signal.aborted) return;
    this.#killed ??= why;
    this.#channel.kill();
  }

  #hear(report: Exclude<Report, { say: "log" }>): void {
    switch (report.say) {
      case "ready":
        this.#isReady = true;
        this.#loaded.abort();
        return this.#watcher.onReady();
      case "unusable":
        this.#watcher.onReady(report.message);
        return this.kill(report.message);
      case "taken": {
        const held = this.#held.get(report.receipt);
        if (held) held.isTaken = true;
        return;
      }
      case "begun": {
        const held = this.#held.get(report.receipt);
        if (!held) return;
        held.attempt.holds.push(...report.holds);
        held.attempt.start(report.timeout);
        // It ends a task at its timeout by itself, unless it is in a loop.
        if (report.timeout > 0) limit(this.#core, held.attempt, report.timeout, held.gone.signal);
        return;
      }
      case "ended": {
        const held = this.#held.get(report.receipt);
        if (!held) return;
        this.finished++;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#settling.add(promise);
        this.#letGo(held, () =>
          this.#settle(held.attempt, report.end).finally(() => {
            this.#settling.delete(promise);
            resolve();
          }));
        return this.#watcher.onTask(report.memory);
      }
      case "pong":
        return this.#heard();
      case "stopped":
        return this.kill("was retired");
    }
  }

  #abort(held: Held, reason: AbortReason): void {
    const { receipt } = held.attempt.delivery;
    if (held.gone.signal.aborted) return;
    this.#channel.send({ say: "abort", receipt, reason: toReason(reason), revoked: held.attempt.revoked });
    this.#within(PATIENCE, held.gone.signal, () => this.kill("was killed, as it did not end a task in time"));
  }

  /** Brings an end from there to the storage, and tells the worker whether it was accepted. */
  async #settle(attempt: Attempt, end: WorkerEnd | undefined): Promise<Settled> {
    const { message, receipt } = attempt.delivery;
    if (!end) return lost(message);
    if (end.along.length > 0) this.#record(end.along);
    const accepted = await this.#core.pump.settle(end.settlement).catch((error: unknown) => ({ error }));
    this.#channel.send({ say: "settled", receipt, accepted: accepted === true });
    if (typeof accepted === "boolean") return accepted ? end.settled : lost(message);
    // The storage can never take this one. A dead letter without the value is what it can take.
    const task = await toListedTask(this.#core, message);
    const reason = "its outcome cannot be stored";
    return settle(this.#core, attempt, { task, ending: { kind: "dead", reason, error: accepted.error } });
  }

  /** What was recorded there goes with the next request that settles. */
  #record(writes: Write[]): void {
    const { recorders } = this.#core;
    const once: Recorder = {
      ending: () => () => {},
      take() {
        recorders.delete(once);
        return Promise.resolve(writes);
      },
    };
    recorders.add(once);
  }

  #onEnded(how: string): void {
    this.#gone.abort();
    this.#loaded.abort();
    const held = [...this.#held.values()];
    const suspects = held.filter(({ attempt }) => attempt.started && !attempt.reason);
    for (const one of held) {
      const isCulprit = suspects.length === 1 && suspects[0] === one;
      this.#letGo(one, () => this.#settleDead(one, how, isCulprit));
    }
    this.#watcher.onEnded(this.#killed ?? `ended with ${how}`, held.length);
  }

  /** What its end means for what it had in its hands. */
  async #settleDead({ attempt, isTaken }: Held, how: string, isCulprit: boolean): Promise<Settled> {
    const core = this.#core;
    if (!isTaken || this.#killed) attempt.abort(new Interrupted("The worker was ended because of another task"));
    if (!attempt.reason && !isCulprit) return this.#lapse(attempt);
    const task = await toListedTask(core, attempt.delivery.message);
    return settle(core, attempt, { task, ending: attempt.reason ? aborted(attempt) : died(core, task, how) });
  }

  /** Nobody knows whose fault it was: as if the lease had lapsed, which a task that kills many workers survives not often. */
  async #lapse({ delivery, holds }: Attempt): Promise<Settled> {
    const { storage, storageTime } = this.#core;
    try {
      await storage.renew([delivery.receipt], 1, storageTime());
      for (const hold of holds) await freeHold(this.#core, hold);
    } catch {
      // It lapses by itself.
    }
    return "lost";
  }

  #letGo(held: Held, settle: Settle): void {
    this.#held.delete(held.attempt.delivery.receipt);
    held.gone.abort(0);
    held.resolve(settle);
    if (this.#held.size === 0) this.#onFree();
  }

  /** Does something after a time, unless the signal comes before. */
  #within(ms: number, signal: AbortSignal, otherwise: () => void): void {
    this.#core.clock.sleep(ms, signal).then(otherwise, () => {});
  }
}

function died(core: Core, task: Task, how: string): Ending {
  const error = new WorkerDied(`The worker of task ${task.name} ${task.id} ended with ${how}`);
  return isAtMostOnce(core, task)
    ? { kind: "dead", reason: "its worker died, and it must be delivered at most once", error }
    : { kind: "failed", error, signal: SIGNAL_ERROR };
}

function toReason(reason: AbortReason): Reason {
  if (reason instanceof TaskCanceled) return { kind: "canceled", status: reason.status };
  const { message } = reason;
  if (reason instanceof TaskTimeout) return { kind: "timeout", message };
  return { kind: reason instanceof LeaseLost ? "lost" : "interrupted", message };
}
