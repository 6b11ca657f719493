import type { Consumer, Result, Storage } from "@hq/huey";
import type { StorageFactory } from "@hq/huey";
import { Random } from "../random.ts";
import { type Expected, type Made, makeCall } from "./calls.ts";
import { type ConsumerPlan, DRAINER, type Plan, PRODUCER, type Step } from "./plan.ts";
import { openProgram, PERIOD, type Program, type ProgramOptions } from "./program.ts";
import { type Broken, Record } from "./record.ts";
import { hash, LONGEST_LATENCY, type Network, Transport } from "./transport.ts";
import { Host, START, World } from "./world.ts";

/** A fault that was put into the library on purpose, to see that it is found. */
export interface Mutant {
  /** Takes the place of the way to the storage. */
  client?: (storage: Storage) => Storage;
  /** Takes the place of the storage. */
  server?: (storage: Storage) => Storage;
}

/** For {@linkcode playHistory}. */
export interface HistoryOptions {
  /** A storage that nobody has used. */
  storage: Storage;
  mutant?: Mutant;
  /** Given a line for all that happens. */
  trace?: (line: string) => void;
  /** How many requests were sent, by process: filled in. */
  sent?: Map<string, number>;
}

/** Beyond the horizon, in milliseconds: for what has to be done still, and for stopping. */
const PATIENCE = 400_000;
const LONGEST_STOP = 60_000;
const ATTEMPTS = 4;
/** Why a message may become a dead letter here. */
const REASONS = /^~\{"reason":"(there is no task named|it was handed out)/;

/** Plays a history, and gives the first promise that was broken, if one was. */
export function playHistory(plan: Plan, options: HistoryOptions): Promise<Broken | undefined> {
  return new History(plan, options).play();
}

class History {
  readonly #plan: Plan;
  readonly #options: HistoryOptions;
  readonly #world = new World();
  readonly #record: Record;
  readonly #network: Network;
  readonly #hosts = new Map<string, Host>();
  readonly #consumers = new Map<Host, Consumer>();
  readonly #ids = new Map<string, number>();
  readonly #made = new Map<number, Made>();
  /** Calls whose outcome is not known beforehand, since somebody has taken them back. */
  readonly #spoiled = new Set<number>();
  readonly #accepted = new Set<number>();
  /** Ids that were got for a call of a unique task. */
  readonly #others = new Map<number, string>();
  readonly #underWay = new Map<string, Host>();
  #producer!: Program;
  #isOver = false;

  constructor(plan: Plan, options: HistoryOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#record = new Record(plan.isCalm);
    const { trace, mutant, storage } = options;
    if (trace) this.#record.trace = (host, what) => trace(`${this.#time()} ${host.padEnd(9)} ${what}`);
    const faults = plan.steps.flatMap((step) => step.what === "fault" ? [step.fault] : []);
    this.#network = {
      storage: mutant?.server?.(storage) ?? storage,
      record: this.#record,
      seed: plan.seed,
      serverClock: plan.serverClock,
      wakes: plan.wakes,
      faults: new Map(faults.map((fault) => [`${fault.host} ${fault.request}`, fault])),
      sent: options.sent ?? new Map(),
      crash: (host) => this.#crash(host, 2_000, []),
    };
  }

  async play(): Promise<Broken | undefined> {
    const { plan, world, record } = { plan: this.#plan, world: this.#world, record: this.#record };
    this.#startProducer();
    for (const consumer of plan.consumers) this.#startConsumer(consumer);
    if (plan.drains) this.#startDrainer();
    for (const step of plan.steps) if (step.what !== "fault") world.after(step.at, () => this.#do(step));
    await world.until(() => record.broken !== undefined, START + plan.horizon);
    if (!record.broken) await this.#finish();
    if (!record.broken) await this.#judge();
    if (!record.broken) await this.#stop();
    for (const host of this.#hosts.values()) host.kill();
    return record.broken;
  }

  /** Nothing fails any more: whatever was accepted has to come to its end. */
  async #finish(): Promise<void> {
    this.#network.faults.clear();
    for (const host of this.#hosts.values()) host.correct();
    this.#isOver = true;
    const [record, calmed] = [this.#record, this.#world.now];
    this.#startConsumer({ host: "finisher", workers: 8, skew: 0 });
    const isDone = (): boolean =>
      record.broken !== undefined ||
      // For a while, so that it has looked at the schedules, too.
      record.isDone(this.#world.now) && this.#world.now > calmed + 2_000 &&
        ![...this.#underWay.values()].some((host) => host.isAlive);
    if (await this.#world.until(isDone, calmed + PATIENCE)) return;
    const waiting = [...this.#underWay].filter(([, host]) => host.isAlive).map(([what]) => what);
    const left = [...record.unfinished(), ...waiting].join(", ");
    record.break("everything ends", `after ${PATIENCE / 1_000} s without a fault there is still ${left}`);
  }

  async #judge(): Promise<void> {
    const { storage } = this.#options;
    const record = this.#record;
    const { queued, scheduled, waiting, running } = await storage.counts(this.#world.now);
    // What is left are slots that a clock which was ahead has added.
    const left = queued + scheduled + waiting + running - record.openSlots.size;
    if (left !== 0) record.break("everything ends", `the storage has ${left} messages that nobody knows of`);
    for (const [id, note] of record.buried) {
      if (!REASONS.test(note) || this.#plan.isCalm) record.break("no dead letter", `${id} was buried with ${note}`);
    }
    for (const n of this.#accepted) await this.#judgeCall(n, this.#made.get(n)!);
    for (const [id, value] of record.outcomes) {
      const [kept] = await storage.peek("results", [id], this.#world.now);
      if (kept !== value) record.break("one outcome", `that of ${id} is not the one that was accepted last`);
    }
    if (this.#plan.periodic) this.#judgeSlots();
    if (this.#plan.isCalm) this.#judgeLimits();
  }

  async #judgeCall(n: number, { expected }: Made): Promise<void> {
    const record = this.#record;
    const other = this.#others.get(n);
    if (other !== undefined) {
      if (!record.outcomes.has(other)) {
        record.break("nothing lost", `call ${n} was given ${other}, which has no outcome`);
      }
      return;
    }
    const isSpoiled = this.#spoiled.has(n) || [...expected.keys()].some((id) => record.buried.has(id));
    for (const [id, end] of expected) {
      const text = record.outcomes.get(id);
      if (text === undefined) {
        record.break("nothing lost", `call ${n} was accepted, and ${id} has no outcome`);
        continue;
      }
      const outcome = await this.#producer.huey.core.serializer.decode(text) as { status: string; value?: unknown };
      if (!isSpoiled && !isAsExpected(outcome, end)) {
        record.break("right outcome", `of ${id} ${JSON.stringify(end)} was expected, and there is ${text}`);
      }
      const starts = record.starts.filter((start) => start.id === id).length;
      // A drain gives back what it cannot finish.
      const isOnce = this.#plan.isCalm && !this.#plan.drains && !isSpoiled;
      if (isOnce && outcome.status !== "expired" && starts !== end.starts) {
        record.break("started once", `${id} was begun ${starts} times instead of ${end.starts}`);
      }
    }
  }

  #judgeSlots(): void {
    for (let slot = START; slot <= START + this.#plan.horizon; slot += PERIOD * 1_000) {
      if (this.#record.slots.has(slot)) continue;
      this.#record.break("each slot once", `that of ${new Date(slot).toISOString()} was never added`);
    }
  }

  /** Where nothing fails, what is limited never runs more than it may. */
  #judgeLimits(): void {
    for (const [name, limit] of [["locked", 1], ["narrow", 2]] as const) {
      const starts = this.#record.starts.filter((start) => start.name === name);
      for (const { at, id } of starts) {
        const others = starts.filter((other) => other.at <= at && (other.until ?? Infinity) > at);
        if (others.length > limit) this.#record.break("limits", `${others.length} of ${name} at once, with ${id}`);
      }
    }
    const limited = this.#record.starts.filter(({ name }) => name === "limited").map(({ at }) => at);
    // They start when they are told that they may, which is a while after they asked.
    const shortest = 3_000 - 2 * LONGEST_LATENCY;
    limited.forEach((at, i) => {
      if (limited[i + 2] - at < shortest) this.#record.break("limits", `three starts of limited within 3 s`);
    });
  }

  async #stop(): Promise<void> {
    this.#hosts.get(DRAINER)?.kill();
    let left = 0;
    for (const [host, consumer] of this.#consumers) {
      if (!host.isAlive) continue;
      left++;
      void consumer.stop().then(() => left--);
    }
    if (await this.#world.until(() => left === 0, this.#world.now + LONGEST_STOP)) return;
    this.#record.break("everything ends", `${left} consumers have not stopped`);
  }

  #do(step: Exclude<Step, { what: "fault" }>): void {
    this.#record.trace?.("", step.what);
    if (step.what === "call") return void this.#call(step.call);
    if (step.what === "revoke" || step.what === "cancel") return void this.#takeBack(step.n, step.what);
    const host = this.#hosts.get(step.host);
    if (!host?.isAlive) return;
    if (step.what === "pause") host.pause(step.ms);
    else if (step.what === "jump") host.jump(step.ms);
    else if (step.what === "crash") this.#crash(host, step.downtime, step.without);
    else void this.#consumers.get(host)?.stop().then(() => this.#crash(host, step.downtime, step.without));
  }

  async #call(call: Extract<Step, { what: "call" }>["call"]): Promise<void> {
    const [record, host, program] = [this.#record, this.#hosts.get(PRODUCER)!, this.#producer];
    const made = makeCall(program, call);
    const { n } = call;
    this.#made.set(n, made);
    this.#underWay.set(`call ${n}`, host);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      record.attempted([...made.expected.keys()]);
      try {
        const result = await made.enqueue();
        this.#accepted.add(n);
        if (call.kind === "once" && (result as Result).id !== made.last) this.#others.set(n, (result as Result).id);
        break;
      } catch {
        await host.clock.sleep(300 * attempt);
      }
    }
    if (this.#accepted.has(n) && call.isAwaited) {
      await this.#insist(() => this.#wait(program, this.#others.get(n) ?? made.last));
    }
    this.#underWay.delete(`call ${n}`);
  }

  async #wait({ huey }: Program, id: string): Promise<void> {
    try {
      await huey.result(id).get({ blocking: true });
    } catch (error) {
      if (error instanceof Error && error.message === "The connection was lost") throw error;
    }
  }

  async #takeBack(n: number, how: "revoke" | "cancel"): Promise<void> {
    const made = this.#made.get(n);
    if (!made) return;
    this.#spoiled.add(n);
    const { huey } = this.#producer;
    const [id] = made.expected.keys();
    await this.#insist(async () => void await huey[how](id));
  }

  /** Whoever gets no answer asks again. */
  async #insist(ask: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await ask();
      } catch {
        await this.#hosts.get(PRODUCER)!.clock.sleep(500);
      }
    }
  }

  /** The process dies; a consumer and a drainer are started anew after a while. */
  #crash(host: Host, downtime: number, without: string[]): void {
    if (!host.isAlive) return;
    this.#record.trace?.(host.name, "is gone");
    host.kill();
    this.#world.after(downtime, () => {
      if (host.name === PRODUCER) this.#startProducer();
      else if (this.#isOver) return;
      else if (host.name === DRAINER) this.#startDrainer();
      else this.#startConsumer(this.#plan.consumers.find((consumer) => consumer.host === host.name)!, without);
    });
  }

  #startProducer(): void {
    this.#producer = openProgram(this.#programOptions(this.#newHost(PRODUCER, 0)));
  }

  #startConsumer({ host: name, workers, skew }: ConsumerPlan, without: string[] = []): void {
    const host = this.#newHost(name, skew);
    const { huey } = openProgram({ ...this.#programOptions(host), without });
    const consumer = huey.createConsumer({
      workers,
      periodic: this.#plan.periodic,
      schedulerInterval: 4,
      initialDelay: "700ms",
      gracePeriod: 5,
    });
    this.#consumers.set(host, consumer);
    consumer.run().catch((error) => this.#record.break("everything ends", `${name} has given up: ${error}`));
  }

  async #startDrainer(): Promise<void> {
    const host = this.#newHost(DRAINER, 0);
    const { huey } = openProgram(this.#programOptions(host));
    for (;;) {
      await host.clock.sleep(7_000);
      await huey.drain({ maxTasks: 5, concurrency: 2, budget: 5 }).catch(() => {});
    }
  }

  #newHost(name: string, skew: number): Host {
    const host = new Host(this.#world, name, skew);
    this.#hosts.set(name, host);
    return host;
  }

  #programOptions(host: Host): ProgramOptions {
    const transport = new Transport(this.#network, host);
    const storage: StorageFactory = () => this.#options.mutant?.client?.(transport) ?? transport;
    return {
      host,
      storage,
      record: this.#record,
      random: new Random(hash(`${this.#plan.seed} ${host.name}`)).next,
      newId: () => {
        const id = this.#ids.get(host.name) ?? 0;
        this.#ids.set(host.name, id + 1);
        return `${host.name[0]}${host.name.slice(8)}-${id}`;
      },
      periodic: this.#plan.periodic,
    };
  }

  #time(): string {
    return `${((this.#world.now - START) / 1_000).toFixed(3).padStart(8)} s`;
  }
}

function isAsExpected(outcome: { status: string; value?: unknown }, { status, value }: Expected): boolean {
  if (outcome.status === "complete") return outcome.value === value && (status === "complete" || status === "expired");
  return outcome.status === status;
}
