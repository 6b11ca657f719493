/**
 * Consumer: workers and a scheduler that live long. It waits for work without asking for it again and again where the
 * storage can wake it, and goes on when the storage is down for a while.
 *
 * @module
 */
import { BackOff } from "./back_off.ts";
import type { Core } from "./core.ts";
import { ConfigurationError, describeError } from "./errors.ts";
import type { Hands } from "./hands.ts";
import { log } from "./log.ts";
import { Scheduler } from "./scheduler.ts";
import type { Exchanged } from "./storage.ts";
import { refuseUnknown, toFlag } from "./task_options.ts";
import { type Duration, show, toMilliseconds } from "./time.ts";
import { Workers } from "./worker.ts";
import { toHands, type WorkerChoice } from "./worker_kinds.ts";

/** For `huey.createConsumer`. */
export interface ConsumerOptions extends WorkerChoice {
  /** Whether this consumer offers the slots of periodic tasks. @default {true} */
  periodic?: boolean;
  /** How often to look at the schedules, at the least. @default {1} */
  schedulerInterval?: Duration;
  /** Whether all locks are released at the start. @default {false} */
  flushLocks?: boolean;
  /** How long `stop` lets running tasks go on before they are aborted and given back. @default {"30s"} */
  gracePeriod?: Duration;
  /**
   * Where the storage cannot wake us: how long to wait after the first look in vain. Without this and `backoff` there
   * are at most ten looks in vain in any minute. @default {1}
   */
  initialDelay?: Duration;
  /** How long to wait at most between two looks. @default {10} */
  maxDelay?: Duration;
  /** Where the storage cannot wake us: what the wait is multiplied with after each look in vain. @default {2} */
  backoff?: number;
}

const OPTIONS =
  ("workers kind concurrency modules periodic schedulerInterval healthCheckInterval flushLocks maxTasks " +
    "maxMemory gracePeriod initialDelay maxDelay backoff").split(" ");
/** For bringing back what was aborted. Beyond that, leases do it. */
const LAST_WORDS = 5_000;
const FIRST_PAUSE_AFTER_FAILURE = 500;

/** Workers and a scheduler, from `start` to `stop`. */
export class Consumer {
  readonly #core: Core;
  readonly #hands: Hands;
  readonly #periodic: boolean;
  readonly #flushLocks: boolean;
  readonly #schedulerInterval: number;
  readonly #gracePeriod: number;
  readonly #maxDelay: number;
  readonly #backOff: BackOff;
  readonly #workers: Workers;
  readonly #stopping = new AbortController();
  readonly #hurry = new AbortController();
  #started: Promise<void> | undefined;
  #loops: Promise<unknown> | undefined;
  #stopped: Promise<void> | undefined;
  readonly #failure: Promise<never>;
  #fail!: (error: ConfigurationError) => void;
  #failures = 0;
  #isRetrying = false;
  /** When to look again; 0 while all hands are full: the next request is the one that settles the first of them. */
  #wakeAt = 0;
  #answered: () => void = () => {};

  /**
   * A consumer that does nothing before {@linkcode start}. The command line brings hands of its own.
   *
   * @throws {ConfigurationError | TypeError | RangeError} for options that cannot be.
   */
  constructor(core: Core, options: ConsumerOptions = {}, hands?: Hands) {
    refuseUnknown(options, OPTIONS, "option of a consumer");
    const { periodic = true, flushLocks = false, backoff } = options;
    if (core.settings.immediate) {
      throw new ConfigurationError("Cannot start a consumer in immediate mode: tasks run where they are called");
    }
    if (backoff !== undefined && !(typeof backoff === "number" && backoff >= 1)) {
      throw new RangeError(`'backoff' must be at least 1: current value is ${show(backoff)}`);
    }
    this.#core = core;
    this.#failure = new Promise((_, reject) => this.#fail = reject);
    this.#failure.catch(() => void this.stop({ graceful: false }));
    this.#hands = hands ?? toHands(core, options);
    this.#periodic = toFlag("periodic", periodic);
    this.#flushLocks = toFlag("flushLocks", flushLocks);
    this.#schedulerInterval = toMilliseconds("schedulerInterval", options.schedulerInterval ?? 1);
    if (this.#schedulerInterval === 0) throw new RangeError("'schedulerInterval' must be more than 0");
    this.#gracePeriod = toMilliseconds("gracePeriod", options.gracePeriod ?? "30s");
    this.#maxDelay = Math.max(1, toMilliseconds("maxDelay", options.maxDelay ?? 10));
    const initialDelay = options.initialDelay === undefined
      ? undefined
      : Math.max(1, toMilliseconds("initialDelay", options.initialDelay));
    this.#backOff = new BackOff(this.#maxDelay, initialDelay, backoff);
    this.#workers = new Workers(core, {
      hands: this.#hands,
      prefetch: !hands &&
        core.registry.list().every(({ settings }) => (settings.delivery ?? core.settings.delivery) !== "at-most-once"),
      onClaimed: (answer, wanted) => this.#onClaimed(answer, wanted),
      onFailed: (error) => this.#onFailed(error),
    });
  }

  /** How many tasks are in the hands of its workers. */
  get busy(): number {
    return this.#workers.busy;
  }

  /** Starts the workers and the scheduler. */
  async start(): Promise<void> {
    if (this.#started) throw new ConfigurationError("Cannot start a consumer twice: create another one");
    await (this.#started = this.#start());
  }

  /**
   * Stops: claims no more, and lets running tasks finish within the grace period (unless `graceful` is false); then they
   * are aborted and given back, so that another consumer has them at once. A second call with `graceful: false` cuts the
   * grace period short.
   */
  stop({ graceful = true }: { graceful?: boolean } = {}): Promise<void> {
    if (!graceful) this.#hurry.abort();
    return this.#stopped ??= this.#stop();
  }

  /**
   * Starts, and resolves when the consumer was stopped.
   *
   * @throws {ConfigurationError} if the storage cannot be used at all.
   */
  async run(): Promise<void> {
    await this.start();
    await Promise.race([this.#loops, this.#failure]);
    await this.stop();
  }

  /** Stops, so that `await using` ends a consumer with its scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(): Promise<void> {
    const { clock, storage } = this.#core;
    const signal = this.#stopping.signal;
    if (this.#flushLocks) await storage.flush(["locks"]);
    await this.#hands.start();
    if (signal.aborted) return;
    this.#wakeAt = clock.now() + this.#maxDelay;
    this.#workers.start();
    this.#loops = Promise.all([this.#listen(signal), this.#periodic ? this.#schedule(signal) : undefined]);
  }

  async #stop(): Promise<void> {
    const { clock, pump, signals } = this.#core;
    const graceEnds = clock.now() + this.#gracePeriod;
    this.#stopping.abort();
    this.#answered();
    this.#workers.pause();
    await this.#started?.catch(() => {});
    await this.#atMost(Promise.all([this.#loops, pump.idle()]), LAST_WORDS);
    await this.#atMost(this.#workers.idle(), Math.max(0, graceEnds - clock.now()), this.#hurry.signal);
    this.#workers.interrupt();
    await this.#atMost(this.#workers.idle(), LAST_WORDS);
    this.#workers.end();
    await this.#hands.stop();
    await this.#atMost(signals.idle(), LAST_WORDS);
  }

  /** Waits for something, but not for ever. */
  async #atMost(what: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<void> {
    const done = new AbortController();
    const enough = AbortSignal.any([done.signal, ...(signal ? [signal] : [])]);
    await Promise.race([what, this.#core.clock.sleep(ms, enough).catch(() => {})]);
    done.abort();
  }

  /** Claims when there may be something: when the storage says so, when an eta or a lease has come, or after a while. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { clock, storage, pump } = this.#core;
    while (!signal.aborted) {
      const answered = new Promise<boolean>((resolve) => this.#answered = () => resolve(true));
      if (this.#wakeAt) {
        const round = new AbortController();
        const isOld = await Promise.race([
          answered,
          storage.waitForWork?.(round.signal).then(() => false) ?? answered,
          clock.sleep(Math.max(0, this.#wakeAt - clock.now()), round.signal).then(() => false, () => false),
        ]);
        if (!isOld) pump.poke();
        // With a reason: to make one, an error with its stack, takes longer than all the rest here.
        round.abort(0);
      }
      // With all hands full nothing is sent: the answer to come is that of the request that settles the first of them.
      await answered;
    }
  }

  #onClaimed(answer: Exchanged, wanted: number): void {
    if (this.#failures > 0) log("consumer")?.info("The storage is there again");
    this.#failures = 0;
    const { clock, storage } = this.#core;
    const now = clock.now();
    const isFull = answer.deliveries.length === wanted;
    const wakeAt = now + this.#backOff.after(answer, now, storage.waitForWork !== undefined || isFull);
    this.#wakeAt = isFull ? 0 : wakeAt;
    this.#answered();
  }

  #onFailed(error: unknown): void {
    // No waiting helps against a file that is no database.
    if (error instanceof ConfigurationError) return this.#fail(error);
    const pause = Math.min(FIRST_PAUSE_AFTER_FAILURE * 2 ** this.#failures++, this.#maxDelay);
    log("consumer")?.warn("The storage does not answer, trying again in {pause} ms: {error}", {
      pause,
      error: describeError(error),
    });
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#core.clock.sleep(pause, this.#stopping.signal).then(() => {
      this.#isRetrying = false;
      this.#core.pump.poke();
    }, () => {});
  }

  async #schedule(signal: AbortSignal): Promise<void> {
    const scheduler = new Scheduler(this.#core);
    const { clock } = this.#core;
    while (!signal.aborted) {
      let next = Infinity;
      try {
        const due = await scheduler.due();
        next = due.next;
        if (due.made.length > 0) await scheduler.offer(due);
      } catch (error) {
        log("scheduler")?.warn("Could not offer what is due, trying again: {error}", {
          error: describeError(error),
        });
      }
      const pause = Math.min(this.#schedulerInterval, Math.max(0, next - clock.now()));
      await clock.sleep(pause, signal).catch(() => {});
    }
  }
}
