import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import type { Random } from "../random.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { type Child, type RuntimeName, Sandbox } from "../sandbox.ts";
import { Journal, Record } from "./journals.ts";
import { openQueue, type PartyOptions } from "./party.ts";

/** For {@linkcode Chaos}. */
export interface ChaosOptions {
  storage: "sqlite" | "redis";
  /** Ends after so many kills … */
  cycles: number;
  /** … or so many minutes. */
  minutes: number;
  /** The least time between two of them, in milliseconds. */
  every: number;
  /** A consumer is killed only while at least so many tasks are in its hands. */
  inHands: number;
  /** How many consumers there are. */
  consumers: number;
  /** How many tasks each of them runs at once. */
  workers: number;
  lease: `${number}s`;
  runtime?: RuntimeName;
  /** Whether the disk is full now and then (SQLite, where a file system can be mounted). */
  fullDisk: boolean;
  random: Random;
  /** Told how it goes on. */
  report?: (line: string) => void;
}

/** How long something took, in milliseconds. */
export interface Recovery {
  count: number;
  median: number;
  p99: number;
  longest: number;
}

/** What came of it. */
export interface ChaosReport {
  cycles: number;
  producersKilled: number;
  serverKilled: number;
  diskFull: number;
  /** Tasks whose addition was confirmed. */
  accepted: number;
  /** Runs of tasks, those that were cut short included. */
  runs: number;
  /** The smallest number of tasks in the hands of a process that was killed. */
  leastInHands: number;
  /** Accepted, and without an outcome. */
  lost: string[];
  /** With a second end, or with an outcome that is not that of the end. */
  doubled: string[];
  dead: string[];
  /** How long it took until another process began with what a killed one had in hands. */
  recovery: Recovery;
  /** The same, where meanwhile the storage was not to be had. */
  recoveryWithoutStorage: Recovery;
  /** How often that other process was killed, too, before it could begin: these are in none of the two. */
  killedAgain: number;
  seconds: number;
  /** Consumers that did not end as they should when they were told to. */
  unclean: string[];
}

const PARTY = "tests/chaos/party.ts";
const LONGEST_TASK = 500;
/** How long it may take, in milliseconds, until all is done when nobody is killed any more. */
const PATIENCE = 120_000;

interface Party {
  role: "produce" | "consume";
  child: Child;
  journal: Journal;
}

/** Producers and consumers that are killed at random instants, on a storage that is, too. */
export class Chaos {
  readonly #options: ChaosOptions;
  readonly #sandbox = new Sandbox();
  readonly #record = new Record();
  readonly #parties = new Set<Party>();
  readonly #disk: string;
  #server?: RedisServer;
  #shared!: PartyOptions;
  #isMounted = false;
  #started = 0;
  #killed = -Infinity;
  /** When the storage was not to be had, in epoch milliseconds. */
  readonly #outages: { from: number; to: number }[] = [];
  #counts = { cycles: 0, producersKilled: 0, serverKilled: 0, diskFull: 0, leastInHands: Infinity };

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#disk = `${this.#sandbox.folder}/disk`;
  }

  /** Ends all that was started. */
  async close(): Promise<void> {
    await this.#sandbox.close().catch(() => {});
    if (this.#isMounted) execFileSync("umount", ["-l", this.#disk]);
    this.#isMounted = false;
    rmSync(this.#sandbox.folder, { recursive: true, force: true });
    await this.#server?.stop();
  }

  /** Lets it happen, and tells what came of it. */
  async run(): Promise<ChaosReport> {
    const began = performance.now();
    try {
      await this.#prepare();
      this.#start("produce");
      for (let i = 0; i < this.#options.consumers; i++) this.#start("consume");
      const until = began + this.#options.minutes * 60_000;
      while (this.#counts.cycles < this.#options.cycles && performance.now() < until) await this.#cycle();
      return await this.#judge(began);
    } finally {
      await this.close();
    }
  }

  async #prepare(): Promise<void> {
    const { storage, fullDisk, lease, workers, consumers } = this.#options;
    const journals = `${this.#sandbox.folder}/journals`;
    for (const folder of [journals, this.#disk]) mkdirSync(folder);
    if (storage === "redis") this.#server = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    else if (fullDisk) this.#mount();
    const path = `${this.#disk}/huey.db`;
    this.#shared = {
      port: this.#server?.port,
      path,
      journals,
      lease,
      workers,
      longest: LONGEST_TASK,
      ready: 2 * workers * consumers,
    };
  }

  #mount(): void {
    try {
      const { cycles, every } = this.#options;
      // What is finished stays, so room is needed for as many as run meanwhile.
      const size = 256 + cycles * Math.ceil(every / 1_000);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}m`, "tmpfs", this.#disk], { stdio: "ignore" });
      this.#isMounted = true;
    } catch {
      this.#options.report?.("No file system can be mounted here, so the disk is never full");
    }
  }

  #start(role: Party["role"]): void {
    const name = `${role}.${this.#started++}`;
    const child = this.#sandbox.start(PARTY, [role, JSON.stringify(this.#shared), name], this.#options.runtime);
    const journal = new Journal(this.#shared.journals, name, this.#record);
    this.#parties.add({ role, child, journal });
  }

  #read(): void {
    for (const { journal } of this.#parties) journal.read();
  }

  /** One kill of a consumer that is at work, and perhaps something else besides. */
  async #cycle(): Promise<void> {
    const { random, inHands, every, report } = this.#options;
    await setTimeout(Math.max(0, this.#killed + every - performance.now()) + random.below(100));
    const victim = await this.#busy(inHands);
    await setTimeout(random.below(20));
    if (random.chance(0.1)) await this.#kill(this.#one("produce"));
    const from = Date.now();
    if (random.chance(0.02) && this.#server) {
      this.#counts.serverKilled++;
      await this.#server.restart();
      this.#outages.push({ from, to: Date.now() });
    }
    if (random.chance(0.02) && this.#isMounted) {
      await this.#fillDisk(random.below(2_000));
      this.#outages.push({ from, to: Date.now() });
    }
    victim.journal.read();
    const count = victim.journal.inHands.size;
    if (count < inHands) return;
    this.#counts.leastInHands = Math.min(this.#counts.leastInHands, count);
    await this.#kill(victim);
    this.#killed = performance.now();
    if (++this.#counts.cycles % 50 === 0) {
      report?.(`${this.#counts.cycles} cycles, ${this.#record.accepted.length * 2} tasks accepted`);
    }
  }

  /** A consumer with enough in hands. */
  async #busy(least: number): Promise<Party> {
    for (const until = performance.now() + PATIENCE;;) {
      this.#read();
      const busy = [...this.#parties].filter(({ journal }) => journal.inHands.size >= least);
      if (busy.length > 0) return this.#options.random.pick(busy);
      const gone = [...this.#parties].find(({ child }) => child.isOver);
      if (gone) throw new Error(`A process has ended by itself:\n${gone.child.output}`);
      if (performance.now() > until) {
        const outputs = [...this.#parties].map(({ role, child }) => `${role} ${child.pid}: ${child.output}`);
        throw new Error(`Nobody has ${least} tasks in hands:\n${outputs.join("\n")}`);
      }
      await setTimeout(10);
    }
  }

  #one(role: Party["role"]): Party {
    return [...this.#parties].find((party) => party.role === role)!;
  }

  /** As the kernel would, out of memory; and another one takes its place. */
  async #kill(party: Party): Promise<void> {
    const killed = Date.now();
    party.child.kill("SIGKILL");
    await party.child.ended;
    party.journal.close();
    this.#parties.delete(party);
    if (party.role === "produce") this.#counts.producersKilled++;
    for (const id of party.journal.inHands) this.#record.orphans.set(id, killed);
    this.#start(party.role);
  }

  async #fillDisk(ms: number): Promise<void> {
    this.#counts.diskFull++;
    const filler = `${this.#disk}/filler`;
    try {
      for (let size = 2 ** 24; size >= 1; size >>= 4) {
        try {
          for (;;) writeFileSync(filler, new Uint8Array(size), { flag: "a" });
        } catch {
          // Full, for pieces of this size.
        }
      }
      await setTimeout(ms);
    } finally {
      rmSync(filler, { force: true });
    }
  }

  async #judge(began: number): Promise<ChaosReport> {
    const producer = this.#one("produce");
    this.#parties.delete(producer);
    producer.child.kill("SIGKILL");
    await producer.child.ended;
    producer.journal.close();
    const { huey, close } = openQueue(this.#shared, () => {});
    const isDone = async (): Promise<boolean> => {
      this.#read();
      const { queued, scheduled, running } = await huey.counts();
      return queued + scheduled + running === 0;
    };
    for (const until = performance.now() + PATIENCE; !await isDone();) {
      if (performance.now() > until) throw new Error(`There is still ${JSON.stringify(await huey.counts())}`);
      await setTimeout(50);
    }
    const unclean: string[] = [];
    for (const { child, journal } of this.#parties) {
      child.kill("SIGTERM");
      const ended = await child.ended;
      if (ended !== 0) unclean.push(`ended with ${ended}:\n${child.output.slice(-2_000)}`);
      journal.close();
    }

    const { accepted, begun, completed, dead, recoveries } = this.#record;
    const ids = accepted.flat();
    const outcomes = await this.#outcomes(huey, ids);
    const lost = ids.filter((id) => outcomes.get(id)?.status !== "complete");
    const doubled = ids.filter((id) => {
      const ends = completed.get(id) ?? [];
      // The name of a run begins with its journal.
      return ends.length > 1 || ends.some((name) => !outcomes.get(id)?.value?.startsWith(`${name}-`));
    });
    if (!this.#server) lost.push(...integrity(this.#shared.path));
    await huey.close();
    close();
    const isDisturbed = ({ since, at }: { since: number; at: number }): boolean =>
      this.#outages.some(({ from, to }) => from < at && since < to);
    return {
      ...this.#counts,
      accepted: ids.length,
      runs: begun.values().reduce((sum, count) => sum + count, 0),
      lost,
      doubled,
      dead,
      killedAgain: this.#record.killedAgain,
      recovery: recoveryOf(recoveries.filter((recovery) => !isDisturbed(recovery))),
      recoveryWithoutStorage: recoveryOf(recoveries.filter(isDisturbed)),
      seconds: Math.round((performance.now() - began) / 1_000),
      unclean,
    };
  }

  /** A thousand at a time: more makes a request too large. */
  async #outcomes(
    huey: ReturnType<typeof openQueue>["huey"],
    ids: string[],
  ): Promise<Map<string, { status: string; value?: string }>> {
    const outcomes = new Map<string, { status: string; value?: string }>();
    for (let at = 0; at < ids.length; at += 1_000) {
      const some = ids.slice(at, at + 1_000);
      const texts = await huey.core.storage.peek("results", some);
      for (const [i, text] of texts.entries()) {
        if (text === undefined) continue;
        outcomes.set(some[i], await huey.core.serializer.decode(text) as { status: string; value?: string });
      }
    }
    return outcomes;
  }
}

function recoveryOf(recoveries: { since: number; at: number }[]): Recovery {
  const sorted = recoveries.map(({ since, at }) => at - since).sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), longest: at(1) };
}

/** What SQLite finds wrong with a database. */
function integrity(path: string): string[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare("PRAGMA integrity_check").all() as { integrity_check: string }[];
  database.close();
  return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
}
