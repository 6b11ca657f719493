import {
  type Core,
  type Counts,
  type Huey,
  type Outcome,
  type State,
  type Stored,
  type Task,
  toListedTask,
} from "../mod.ts";
import { BEAT, MINUTES, type Presence, QUARTERS } from "./dashboard_record.ts";
import type { Run } from "./dashboard_run.ts";
import { type Bucket, Series } from "./dashboard_series.ts";

/** A task at rest, as it is shown. */
export interface Listed {
  task: Task;
  state: State;
  deliveries: number;
  reason?: string;
  error?: { name: string; message: string };
}

/** A process that runs tasks. */
export interface WorkerEntry extends Presence {
  id: string;
  alive: boolean;
}

/** What processes have recorded. */
export interface Workers {
  processes: WorkerEntry[];
  minutes: Bucket[];
  quarters: Bucket[];
  /** Which process began a task, and when; by the task's id. */
  running: Map<string, { worker: string; at: number }>;
  /** Whether anything was ever recorded. */
  recorded: boolean;
}

/** For how long what was read answers the next question too, so that many viewers cost as much as one. */
const FRESH = 1_000;
/** What took long to read is not read again for so many times as long: some storages count by reading everything. */
const PATIENCE = 10;

/** Reads what the pages show. */
export class Reading {
  readonly core: Core;
  readonly #fresh = new Map<string, { at: number; took: number; fresh: number; value: Promise<unknown> }>();
  #decoded = new Map<string, { text: string; runs: Run[] }>();

  /** Reads from the storage of an instance. */
  constructor(huey: Huey) {
    this.core = huey.core;
  }

  /** The time. */
  get now(): number {
    return this.core.clock.now();
  }

  /** Forgets what is fresh, since something was changed. */
  refresh(): void {
    this.#fresh.clear();
  }

  /** How many tasks are in each state. */
  counts(): Promise<Counts> {
    return this.share("counts", () => {
      return this.core.storage.counts(this.core.storageTime(), { results: false });
    });
  }

  /** So many messages of a state, but for the first ones. */
  list(state: State, limit: number, offset: number = 0): Promise<Stored[]> {
    return this.share(`list ${state} ${limit} ${offset}`, () => this.look(state, limit, offset));
  }

  /** The same, as it is now. */
  look(state: State, limit: number, offset: number): Promise<Stored[]> {
    return this.core.storage.list(state, { limit, offset, now: this.core.storageTime() });
  }

  /** The task of a message. */
  async open({ message, state, deliveries, note }: Stored): Promise<Listed> {
    return { task: await toListedTask(this.core, message), state, deliveries, ...readNote(note) };
  }

  /** Where a task is. */
  async find(id: string): Promise<Listed | undefined> {
    const stored = await this.core.storage.find(id, this.core.storageTime());
    return stored && await this.open(stored);
  }

  /** How tasks have ended, by their ids. */
  async outcomes(ids: string[]): Promise<Map<string, Outcome>> {
    const texts = await this.core.storage.peek("results", ids, this.core.storageTime());
    const outcomes = new Map<string, Outcome>();
    for (const [i, text] of texts.entries()) {
      const outcome = text === undefined ? undefined : await this.#decode(text);
      if (isOutcome(outcome)) outcomes.set(ids[i], outcome);
    }
    return outcomes;
  }

  /** What a task last said of its progress. */
  async progress(id: string): Promise<unknown> {
    const [text] = await this.core.storage.peek("progress", [id], this.core.storageTime());
    return text === undefined ? undefined : await this.#decode(text);
  }

  /** The attempts that are remembered, last first. */
  runs(): Promise<Run[]> {
    return this.share("runs", async () => {
      const decoded = new Map<string, { text: string; runs: Run[] }>();
      for (const [key, text] of await this.core.storage.entries("history", this.core.storageTime())) {
        const known = this.#decoded.get(key);
        const value = known?.text === text ? known.runs : await this.#decode(text);
        decoded.set(key, { text, runs: Array.isArray(value) ? value.filter(isRun) : [] });
      }
      this.#decoded = decoded;
      // Of those that ended in one instant the one that was written last is first, too.
      return [...decoded.values()].flatMap(({ runs }) => runs).reverse().sort((a, b) => b.ended - a.ended);
    });
  }

  /** Who is there, and what has been counted. */
  workers(): Promise<Workers> {
    return this.share("workers", async () => {
      const { now } = this;
      const processes: WorkerEntry[] = [];
      const minutes = new Series(...MINUTES);
      const quarters = new Series(...QUARTERS);
      const running: Workers["running"] = new Map();
      for (const [key, text] of await this.core.storage.entries("workers", this.core.storageTime())) {
        const value = parse(text);
        if (Array.isArray(value)) quarters.merge(value);
        if (!isPresence(value)) continue;
        const alive = !value.stopped && now - value.seen < 3 * BEAT;
        processes.push({ ...value, id: key, alive });
        minutes.merge(value.minutes);
        for (const [id, , at] of alive ? value.running : []) running.set(id, { worker: value.name, at });
      }
      processes.sort((a, b) => Number(b.alive) - Number(a.alive) || a.since - b.since);
      const recorded = processes.length > 0;
      return { processes, minutes: minutes.until(now), quarters: quarters.until(now), running, recorded };
    });
  }

  async #decode(text: string): Promise<unknown> {
    // What lies in a storage may have been written by anybody, or with another key.
    return await Promise.resolve(text).then((text) => this.core.serializer.decode(text)).catch(() => undefined);
  }

  /** What was read under this name, if that is still fresh: for so many milliseconds, or longer if it took long. */
  share<T>(name: string, read: () => Promise<T>, fresh: number = FRESH): Promise<T> {
    const { now } = this;
    for (const [key, { at, took, fresh }] of this.#fresh) {
      if (Math.abs(now - at) >= Math.max(fresh, PATIENCE * took)) this.#fresh.delete(key);
    }
    const known = this.#fresh.get(name);
    if (known) return known.value as Promise<T>;
    const began = performance.now();
    const value = read();
    const entry = { at: now, took: 0, fresh, value };
    this.#fresh.set(name, entry);
    value.then(() => entry.took = performance.now() - began, () => this.#fresh.delete(name));
    return value;
  }
}

/** Why a message is a dead letter, and what was thrown. */
export function readNote(note: string | undefined): Pick<Listed, "reason" | "error"> {
  const value = note === undefined ? undefined : parse(note.slice(1));
  if (typeof value !== "object" || value === null) return {};
  const { reason, error } = value as Record<string, unknown>;
  const [, name, message] = typeof error === "string" ? /^(\w+): (.*)$/s.exec(error) ?? [, "Error", error] : [];
  return {
    ...typeof reason === "string" && { reason },
    ...message !== undefined && { error: { name: name!, message } },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRun(value: unknown): value is Run {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, status, worker, attempt, ended, started = 0, due = 0, error, args = [], stages = [] } =
    value as Record<
      string,
      unknown
    >;
  return [id, name, status, worker].every((text) => typeof text === "string") &&
    [attempt, ended, started, due].every(Number.isFinite) && Array.isArray(args) && Array.isArray(stages) &&
    stages.every((stage) => Array.isArray(stage) && stage.every((text) => typeof text === "string")) &&
    (error === undefined || isFailure(error));
}

function isFailure(value: unknown): boolean {
  const { name, message, stack = "" } = (value ?? {}) as Record<string, unknown>;
  return [name, message, stack].every((text) => typeof text === "string");
}

function isPresence(value: unknown): value is Presence {
  if (typeof value !== "object" || value === null) return false;
  const { name, runtime, workers, since, seen, running } = value as Record<string, unknown>;
  return typeof name === "string" && typeof runtime === "string" && [workers, since, seen].every(Number.isFinite) &&
    Array.isArray(running) && running.every((one) => Array.isArray(one) && typeof one[0] === "string");
}

function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== "object" || value === null) return false;
  const { status, at, attempt, error } = value as Record<string, unknown>;
  return typeof status === "string" && Number.isFinite(at) && Number.isFinite(attempt) &&
    (status !== "error" || isFailure(error));
}
