import type { Attempt } from "../../attempt.ts";
import type { Core } from "../../core.ts";
import type { Hand } from "../../hands.ts";
import { log } from "../../log.ts";
import { durationText } from "../duration_text.ts";
import type { RemoteWorker, Watcher } from "./remote_worker.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** Which part of its tasks a worker still has when its successor is started, so that nobody waits for that one. */
const AHEAD = 0.1;
/** A worker that ends is replaced at once this many times in a row, if it has not run a task to its end. */
const AT_ONCE = 2;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/** Starts a worker. */
export type StartWorker = (number: number, watcher: Watcher) => RemoteWorker;

/** The place of one worker, which is followed by another when it ends or has served its time. */
export class Slot {
  readonly #core: Core;
  readonly #number: number;
  readonly #options: WorkerOptions;
  readonly #start: StartWorker;
  readonly #stopping = new AbortController();
  readonly #retiring = new Set<Promise<void>>();
  #worker: RemoteWorker | undefined;
  /** Takes the place of the worker once that is spent. */
  #successor: RemoteWorker | undefined;
  /** Whether the worker has grown too large. */
  #isLarge = false;
  #failures = 0;

  /** The first is number 1. */
  constructor(core: Core, number: number, options: WorkerOptions, start: StartWorker) {
    this.#core = core;
    this.#number = number;
    this.#options = options;
    this.#start = start;
  }

  /** How many deliveries it could begin right now. */
  get free(): number {
    const worker = this.#worker;
    if (!worker?.isReady) return 0;
    return Math.max(0, Math.min(this.#options.concurrency - worker.busy, this.#options.maxTasks - worker.handed));
  }

  /** How many are in its worker's hands. */
  get busy(): number {
    return this.#worker?.busy ?? 0;
  }

  /** Starts the first worker. Gives what is wrong with the modules, if something is. */
  start(): Promise<string | undefined> {
    return new Promise((resolve) => this.#raise(resolve));
  }

  /** Takes one of its free hands. */
  hand(): Hand {
    const worker = this.#worker!;
    return {
      run: (attempt: Attempt) => {
        const ended = worker.run(attempt);
        const { maxTasks } = this.#options;
        if (worker.handed >= maxTasks - Math.ceil(maxTasks * AHEAD)) this.#prepare("has run its number of tasks");
        return ended;
      },
      release: () => {},
    };
  }

  /** Sees whether its worker is there. */
  check(): void {
    this.#worker?.check();
  }

  /** Ends its workers, once they have nothing in their hands. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#worker?.retire(), this.#successor?.retire(), ...this.#retiring]);
  }

  /** Starts a worker that takes the place as soon as it is ready and the place is free. */
  #raise(onReady: (problem?: string) => void = () => {}): void {
    const worker: RemoteWorker = this.#successor = this.#start(this.#number, {
      onReady: (problem) => {
        this.#turnOver();
        onReady(problem);
      },
      onTask: (memory) => this.#onTask(worker, memory),
      onEnded: (how, busy) => {
        this.#onEnded(worker, how, busy);
        onReady();
      },
    });
  }

  #onTask(worker: RemoteWorker, memory: number): void {
    if (worker !== this.#worker) return;
    this.#failures = 0;
    if (memory > this.#options.maxMemory) {
      this.#isLarge = true;
      this.#prepare(`has grown to ${Math.round(memory)} MB`);
    }
    this.#turnOver();
  }

  /** Has a successor started, unless there is one. */
  #prepare(why: string): void {
    if (this.#successor || this.#stopping.signal.aborted) return;
    log("worker")?.info("Worker {number} ({name}) {why}: starting another", {
      number: this.#number,
      name: this.#worker!.name,
      why,
    });
    this.#raise();
  }

  #turnOver(): void {
    const worker = this.#worker;
    const isSpent = !worker || worker.handed >= this.#options.maxTasks || this.#isLarge;
    if (!isSpent || !this.#successor?.isReady) return;
    this.#worker = this.#successor;
    this.#successor = undefined;
    this.#isLarge = false;
    if (worker) {
      const retiring = worker.retire().finally(() => this.#retiring.delete(retiring));
      this.#retiring.add(retiring);
    }
    // There are hands again, and nobody else may be about to claim for them.
    this.#core.pump.poke();
  }

  #onEnded(worker: RemoteWorker, how: string, busy: number): void {
    const hadPlace = worker === this.#worker;
    if (hadPlace) this.#worker = undefined;
    else if (worker === this.#successor) this.#successor = undefined;
    else return;
    if (this.#stopping.signal.aborted) return;
    this.#failures = worker.finished > 0 ? 1 : this.#failures + 1;
    const pause = this.#failures <= AT_ONCE
      ? 0
      : Math.min(FIRST_PAUSE * 2 ** (this.#failures - AT_ONCE - 1), LONGEST_PAUSE);
    log("worker")?.error("Worker {number} ({name}) {how}{loss}{next}", {
      number: this.#number,
      name: worker.name,
      how,
      loss: busy === 0 ? "" : busy === 1 ? ", with a task" : `, with ${busy} tasks`,
      next: pause === 0
        ? ": starting another"
        : `, ${this.#failures} times in a row: starting another in ${durationText(pause)}`,
    });
    if (this.#successor) return this.#turnOver();
    this.#core.clock.sleep(pause, this.#stopping.signal).then(() => this.#raise(), () => {});
  }
}
