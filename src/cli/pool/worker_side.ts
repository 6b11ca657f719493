import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { Attempt, Interrupted, LeaseLost } from "../../attempt.ts";
import { describeError, TaskCanceled, TaskTimeout } from "../../errors.ts";
import { execute, type Executed } from "../../execute.ts";
import type { Huey } from "../../huey.ts";
import { log } from "../../log.ts";
import { toListedTask } from "../../message.ts";
import { sendSignals, toDraft, toSettlement } from "../../settle.ts";
import { SIGNAL_ERROR } from "../../signals.ts";
import type { Delivery } from "../../storage.ts";
import { loadHuey } from "../load.ts";
import { configureLog } from "../log.ts";
import { userFrames } from "../stack.ts";
import { logTasks } from "../task_log.ts";
import type { Birth, Order, Reason, Report } from "./words.ts";

/** A task in its hands. */
interface Job {
  attempt: Attempt;
  /** Ends it with an error that nobody has caught; absent once it has ended. */
  fail?: (error: unknown) => void;
  /** Called with whether its settlement was accepted. */
  onSettled: (accepted: boolean) => void;
}

/** Where a thread or process works: it runs what its supervisor hands it, and tells how that ended. */
export class WorkerSide {
  readonly #report: (report: Report) => void;
  readonly #memory: () => number;
  readonly #jobs = new Map<string, Job>();
  readonly #current = new AsyncLocalStorage<Job>();
  #huey!: Huey;

  /** `memory` tells how many bytes it uses. */
  constructor(report: (report: Report) => void, memory: () => number) {
    this.#report = report;
    this.#memory = memory;
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(event, (error: unknown) => this.#onStrayError(error));
    }
  }

  /** Does what the supervisor says. */
  hear(order: Order): void {
    switch (order.say) {
      case "start":
        return void this.#start(order);
      case "run":
        return void this.#run(order.delivery);
      case "abort": {
        const attempt = this.#jobs.get(order.receipt)?.attempt;
        return attempt?.abort(toError(order.reason, attempt.delivery.message.id), order.revoked);
      }
      case "settled":
        return this.#jobs.get(order.receipt)?.onSettled(order.accepted);
      case "ping":
        return this.#report({ say: "pong", memory: this.#megabytes() });
      case "stop":
        return void this.#stop();
    }
  }

  async #start({ modules, queue, log }: Birth): Promise<void> {
    // What a module does that starts a consumer wherever it is loaded would never end.
    Reflect.set(globalThis, Symbol.for("huey.worker"), true);
    try {
      this.#huey = await loadHuey(modules, queue);
    } catch (error) {
      return this.#report({ say: "unusable", message: error instanceof Error ? error.message : describeError(error) });
    }
    if (log) {
      const write = log.isSent ? (line: string) => this.#report({ say: "log", line }) : undefined;
      await configureLog(log.options, { columns: log.columns, write });
      logTasks(this.#huey);
    }
    await this.#huey.core.hooks.startup();
    this.#report({ say: "ready" });
  }

  async #run(delivery: Delivery): Promise<void> {
    const { core } = this.#huey;
    const { receipt } = delivery;
    const attempt = new Attempt(delivery);
    const settled = Promise.withResolvers<boolean>();
    const failed = Promise.withResolvers<Executed>();
    const job: Job = {
      attempt,
      onSettled: settled.resolve,
      fail: async (error) => {
        const task = await toListedTask(core, delivery.message);
        failed.resolve({ task, ending: { kind: "failed", error, signal: SIGNAL_ERROR } });
        attempt.abort(new Interrupted("An error that nobody has caught has ended the task"));
      },
    };
    this.#jobs.set(receipt, job);
    this.#report({ say: "taken", receipt });
    attempt.onStarted = (timeout) => this.#report({ say: "begun", receipt, timeout, holds: attempt.holds });

    const executed = await Promise.race([
      this.#current.run(job, () => execute(core, attempt)),
      failed.promise,
    ]);
    job.fail = undefined;
    const draft = await toDraft(core, attempt, executed);
    if (draft) {
      // What is recorded here goes along, as it would with a settlement of our own.
      const recorders = [...core.recorders];
      const recorded = recorders.map((recorder) => recorder.ending(executed.task, draft));
      const writes = await Promise.all(recorders.map((recorder) => recorder.take().catch(() => [])));
      const end = { settled: draft.settled, settlement: toSettlement(attempt, draft), along: writes.flat() };
      this.#report({ say: "ended", receipt, end, memory: this.#megabytes() });
      if (await settled.promise) {
        sendSignals(core, draft);
      } else {
        for (const takeBack of recorded) takeBack();
      }
    } else {
      this.#report({ say: "ended", receipt, memory: this.#megabytes() });
    }
    this.#jobs.delete(receipt);
  }

  /** It is the failure of the task that it came from, if that is still running. */
  #onStrayError(error: unknown): void {
    const running = [...this.#jobs.values()].filter(({ fail }) => fail);
    // Not every runtime tells where a rejection came from, but with one task there is only one it can be.
    const job = this.#current.getStore() ?? (running.length === 1 ? running[0] : undefined);
    if (job?.fail) return job.fail(error);
    log("cli")?.error("An error that nobody has caught: {error}", {
      error: describeError(error),
      frames: userFrames(error),
    });
  }

  async #stop(): Promise<void> {
    const { core } = this.#huey;
    await core.hooks.shutdown();
    await core.signals.idle();
    await this.#huey.close().catch(() => {});
    this.#report({ say: "stopped" });
  }

  #megabytes(): number {
    return this.#memory() / 2 ** 20;
  }
}

function toError(reason: Reason, taskId: string): TaskTimeout | TaskCanceled | Interrupted | LeaseLost {
  switch (reason.kind) {
    case "timeout":
      return new TaskTimeout(reason.message);
    case "canceled":
      return new TaskCanceled(reason.status, taskId);
    case "interrupted":
      return new Interrupted(reason.message);
    case "lost":
      return new LeaseLost(reason.message);
  }
}
