import type { Exchange, Exchanged, PutOptions, Renewed, Space, State, Storage, Stored } from "../../src/storage.ts";
import { Random } from "../random.ts";
import type { Record } from "./record.ts";
import type { Host } from "./world.ts";

/**
 * What can befall a request. `refused`: it is told at once that the storage cannot be reached. `lost`: it never arrives.
 * `unanswered`: it is executed, and the answer never arrives. `late`: it arrives after a while. `slow`: its answer does.
 * `repeated`: the client sends it again, and it is executed twice before it is answered. `echoed`: it is executed again
 * after a while, its answer being for nobody. `crash-before`, `crash-after`: the process dies, before it is executed or
 * after.
 */
export const FAULTS = [
  "refused",
  "lost",
  "unanswered",
  "late",
  "slow",
  "repeated",
  "echoed",
  "crash-before",
  "crash-after",
] as const;

/** One of {@linkcode FAULTS}. */
export type FaultKind = typeof FAULTS[number];

/** Something that befalls the request of a number, counted from 0, of the processes of a name. */
export interface Fault {
  host: string;
  request: number;
  kind: FaultKind;
  /** How long it takes, where it takes a while. */
  ms: number;
}

/** What the ways to the storage have in common. */
export interface Network {
  storage: Storage;
  record: Record;
  /** From which the latency of each request is made. */
  seed: number;
  /** Whether time is the storage's, and not that of who asks. */
  serverClock: boolean;
  /** Whether the storage can wake who waits. */
  wakes: boolean;
  faults: Map<string, Fault>;
  /** How many requests the processes of a name have sent. */
  sent: Map<string, number>;
  crash(host: Host): void;
}

/** Of the way there, or back, in milliseconds. */
export const LONGEST_LATENCY = 20;

/** The way from a process to the storage, on which requests and answers take time and get lost. */
export class Transport implements Storage {
  requests = 0;
  readonly waitForWork?: (signal: AbortSignal) => Promise<void>;
  readonly waitForKey?: (space: Space, key: string, signal: AbortSignal) => Promise<void>;
  readonly #network: Network;
  readonly #host: Host;

  constructor(network: Network, host: Host) {
    this.#network = network;
    this.#host = host;
    const { storage, wakes } = network;
    if (!wakes || !storage.waitForWork) return;
    this.waitForWork = (signal) => this.#wait(signal, (signal) => storage.waitForWork!(signal));
    this.waitForKey = (space, key, signal) => this.#wait(signal, (signal) => storage.waitForKey!(space, key, signal));
  }

  exchange(exchange: Exchange): Promise<Exchanged> {
    const { storage, record } = this.#network;
    return this.#send("exchange", exchange.now, async (now) => {
      const answer = await storage.exchange({ ...exchange, now });
      record.exchanged(this.#host.name, exchange, answer);
      return answer;
    });
  }

  renew(receipts: string[], lease: number, now?: number): Promise<Renewed> {
    return this.#send("renew", now, (now) => this.#network.storage.renew(receipts, lease, now));
  }

  find(id: string, now?: number): Promise<Stored | undefined> {
    return this.#send("find", now, (now) => this.#network.storage.find(id, now));
  }

  list(state: State, options: { limit?: number; offset?: number; now?: number } = {}): Promise<Stored[]> {
    return this.#send("list", options.now, (now) => this.#network.storage.list(state, { ...options, now }));
  }

  counts(now?: number): ReturnType<Storage["counts"]> {
    return this.#send("counts", now, (now) => this.#network.storage.counts(now));
  }

  flush(what: (State | Space)[]): Promise<void> {
    return this.#send("flush", undefined, () => this.#network.storage.flush(what));
  }

  put(space: Space, key: string, value: string, options: PutOptions = {}): Promise<boolean> {
    return this.#send("put", options.now, async (now) => {
      const done = await this.#network.storage.put(space, key, value, { ...options, now });
      if (done && space === "results") this.#network.record.wrote(key, value);
      return done;
    });
  }

  peek(space: Space, keys: string[], now?: number): Promise<(string | undefined)[]> {
    return this.#send("peek", now, (now) => this.#network.storage.peek(space, keys, now));
  }

  pop(space: Space, key: string, now?: number): Promise<string | undefined> {
    return this.#send("pop", now, (now) => this.#network.storage.pop(space, key, now));
  }

  delete(space: Space, key: string, options: { ifValue?: string; now?: number } = {}): Promise<boolean> {
    return this.#send("delete", options.now, (now) => this.#network.storage.delete(space, key, { ...options, now }));
  }

  increment(space: Space, key: string, by: number, options: { ttl?: number; now?: number } = {}): Promise<number> {
    return this.#send(
      "increment",
      options.now,
      (now) => this.#network.storage.increment(space, key, by, { ...options, now }),
    );
  }

  entries(space: Space, now?: number): Promise<[key: string, value: string][]> {
    return this.#send("entries", now, (now) => this.#network.storage.entries(space, now));
  }

  #send<T>(what: string, now: number | undefined, execute: (now: number) => Promise<T>): Promise<T> {
    const { seed, faults, sent, record, serverClock, crash } = this.#network;
    const host = this.#host;
    const { world } = host;
    const number = sent.get(host.name) ?? 0;
    sent.set(host.name, number + 1);
    this.requests++;
    const fault = faults.get(`${host.name} ${number}`);
    const { kind, ms = 0 } = fault ?? {};
    if (kind) record.trace?.(host.name, `request ${number} (${what}): ${kind} ${ms} ms`);
    // Of the request alone, so that without an earlier one all the others are as they were.
    const random = new Random(hash(`${seed} ${host.name} ${number}`));
    const [there, back] = [1 + random.below(LONGEST_LATENCY), 1 + random.below(LONGEST_LATENCY)];

    return new Promise((resolve, reject) => {
      const run = (): Promise<() => void> =>
        execute(serverClock ? world.now : now ?? world.now).then(
          (value) => () => resolve(value),
          (error) => () => reject(error),
        );
      const fail = (ms: number): unknown => host.after(ms, () => reject(new Error("The connection was lost")));
      if (kind === "refused") return fail(1);
      if (kind === "lost") return fail(there + ms);
      world.after(there + (kind === "late" ? ms : 0), async () => {
        if (kind === "crash-before") return crash(host);
        let answer = await run();
        if (kind === "crash-after") return crash(host);
        if (kind === "unanswered") return fail(ms);
        if (kind === "repeated") answer = await run();
        if (kind === "echoed") world.after(ms, run);
        host.after(back + (kind === "slow" ? ms : 0), answer);
      });
    });
  }

  #wait(signal: AbortSignal, wait: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      void wait(signal).then(() => this.#host.after(1, resolve));
    });
  }
}

/** A number of 32 bits for a text (FNV-1a). */
export function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}
