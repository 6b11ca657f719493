import { closeSync, existsSync, openSync, readSync } from "node:fs";

/** The beginning of a run of a task. */
export interface Begun {
  id: string;
  /** Names the run; begins with the journal that it is in. */
  run: string;
  /** Epoch milliseconds. */
  at: number;
  /** How often it was handed out. */
  deliveries: number;
}

/** What a process writes down, read while it goes on. */
export class Journal {
  /** Whether it has begun to work. */
  isReady = false;
  /** The tasks that it has begun and not brought to their end. */
  readonly inHands = new Set<string>();
  readonly #path: string;
  readonly #name: string;
  readonly #record: Record;
  #file?: number;
  #at = 0;
  #rest = "";

  /** In the folder of all journals. The number of a process would be no name: it comes again after some thousands. */
  constructor(folder: string, name: string, record: Record) {
    this.#path = `${folder}/${name}`;
    this.#name = name;
    this.#record = record;
  }

  /** Reads on. */
  read(): void {
    if (this.#file === undefined && !existsSync(this.#path)) return;
    this.#file ??= openSync(this.#path, "r");
    const bytes = new Uint8Array(65_536);
    for (;;) {
      const count = readSync(this.#file, bytes, 0, bytes.length, this.#at);
      if (count === 0) return;
      this.#at += count;
      const lines = (this.#rest + new TextDecoder().decode(bytes.subarray(0, count))).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) this.#take(line.split(" "));
    }
  }

  /** Reads to the end of what is there, and no more. */
  close(): void {
    this.read();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #take([what, id, other, at, deliveries]: string[]): void {
    if (what === "ready") this.isReady = true;
    else if (what === "accepted") this.#record.accepted.push([id, other]);
    else if (what === "begun") {
      this.#record.begin({ id, run: other, at: Number(at), deliveries: Number(deliveries) }, this.inHands);
    } else {
      this.inHands.delete(id);
      this.#record.end(id, what, this.#name);
    }
  }
}

/** All that was written down. */
export class Record {
  /** The ids of pipelines that were accepted. */
  readonly accepted: [work: string, tally: string][] = [];
  /** By id: how often it was begun. */
  readonly begun = new Map<string, number>();
  /** By id: the journals that say it is complete. */
  readonly completed = new Map<string, string[]>();
  /** Those that became dead letters. */
  readonly dead: string[] = [];
  /** By id: when the process was killed that had it in hands. */
  readonly orphans = new Map<string, number>();
  /** When another process began with what a killed one had in hands. */
  readonly recoveries: { since: number; at: number }[] = [];
  /** How often that other process was killed, too, before it could begin. */
  killedAgain = 0;
  readonly #deliveries = new Map<string, number>();
  /** By id: what the process that has it has in hands. */
  readonly #holders = new Map<string, Set<string>>();

  begin({ id, at, deliveries }: Begun, inHands: Set<string>): void {
    // Whoever had it before has lost it, perhaps without knowing yet.
    this.#holders.get(id)?.delete(id);
    this.#holders.set(id, inHands.add(id));
    this.begun.set(id, (this.begun.get(id) ?? 0) + 1);
    const before = this.#deliveries.get(id) ?? 0;
    this.#deliveries.set(id, deliveries);
    const since = this.orphans.get(id);
    if (since === undefined || at < since) return;
    this.orphans.delete(id);
    if (deliveries > before + 1) this.killedAgain++;
    else this.recoveries.push({ since, at });
  }

  end(id: string, how: string, name: string): void {
    if (how === "dead") this.dead.push(id);
    else this.completed.set(id, [...this.completed.get(id) ?? [], name]);
  }
}
