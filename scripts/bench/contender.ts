/**
 * What the bench asks of a queue, in words that fit ours and its peers.
 *
 * @module
 */

/** Where tasks can be kept. */
export type StorageName = "memory" | "sqlite" | "redis" | "upstash" | "deno-kv";

/** What a contender is given to work on: empty, and its own for one measurement. */
export interface Place {
  storage: StorageName;
  /** Nobody else has this name. */
  name: string;
  /** A folder for files. */
  folder: string;
  /** Of `redis` and `upstash`: the port of the server on 127.0.0.1. */
  port: number;
  /** Of `upstash`: where the REST API is. */
  url: string;
  /** Of `upstash`: what opens it. */
  token: string;
}

/** One piece of work, the same for all: a handler that only says that it was called, and a result that is stored. */
export interface Job {
  /** Its number, which is its payload (beside {@linkcode TEXT}) and its result. */
  n: number;
  /** Milliseconds. */
  delay?: number;
  /** Higher first. */
  priority?: number;
}

/** What each job carries besides its number. */
export const TEXT = "a small payload, as most of them are: an id or two, and a word";

/** A job that was added. */
export interface Added {
  /** Waits until it has run, and gives its result. */
  result?(): Promise<unknown>;
}

/** Runs jobs. */
export interface Worker {
  /** Resolves when it has stopped. */
  stop(): Promise<void>;
}

/** A contender at work. What it cannot do is absent, and not measured. */
export interface Session {
  /** @default {true} */
  hasPriorities?: boolean;
  /** @default {true} */
  hasDelays?: boolean;
  /** Adds one job, and resolves when it is accepted. */
  add(job: Job): Promise<Added>;
  /** Adds many, in the way that is meant for many. */
  addBulk(jobs: Job[]): Promise<void>;
  /** Starts a worker that runs so many at once, and calls `ran` with the number of each as it begins. */
  work(atOnce: number, ran: (n: number) => void): Promise<Worker>;
  /** Runs what is ready, so many at once, and ends when nothing is left. */
  drain?(atOnce: number, ran: (n: number) => void): Promise<void>;
  /** How many results are stored. */
  results(): Promise<number>;
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** A queue, with the storages on which it runs. */
export interface Contender {
  /** As it stands in the tables. Ours is {@linkcode OURS}. */
  name: string;
  storages: StorageName[];
  /** @default {"node"} */
  runtime?: "deno" | "bun" | "node";
  /** Whether it needs what `peers/deno.json` names. */
  isPeer?: boolean;
  /** In which metrics it takes part; absent: in all. */
  only?: string[];
  /** The checkout in which it is run; absent: this one. */
  root?: string;
  /** Its module, which is loaded only in the process in which it is measured. */
  load(): Promise<{ open(place: Place): Promise<Session> }>;
}

/** What we are called among the contenders. */
export const OURS = "Huey";
