import { type Connection, pause } from "./deno_kv_connection.ts";
import { type Entry, entryKey } from "./deno_kv_entry.ts";
import { Messages } from "./deno_kv_messages.ts";
import { leftParts } from "./deno_kv_parts.ts";
import { Conflict, Transaction } from "./deno_kv_transaction.ts";

/** How many hand-outs are remembered at the most. What is forgotten is only read again. */
const MOST_REMEMBERED = 10_000;

/** How often what other processes have left is removed, in milliseconds, and of how many messages at once. */
const SWEEP = { interval: 60_000, most: 10 };

/** Something that is done as a whole, by one commit. */
export type Step<T> = (tx: Transaction) => Promise<T> | T;

/** What one name has in a database. */
export class Queue {
  /** Its name. */
  readonly name: string;
  /** What can be done to its messages. */
  readonly messages: Messages;
  /** Whether a value with chunks, or a mark, was ever written, as far as is known here. */
  rare = false;
  /** Whether it was seen to that what is added to an empty database is counted from the first message on. */
  counting = false;
  readonly #connection: Connection;
  readonly #handedOut = new Map<string, { entry: Entry; versionstamp: string }>();
  #swept = Date.now();

  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.name = name;
    this.messages = new Messages(() => connection.position());
  }

  /** Begins a transaction. */
  async begin(): Promise<Transaction> {
    return new Transaction(this.#connection, this.name, await this.#connection.checks());
  }

  /** Does one step. It is done again, with what is there then, if somebody was in the way. */
  async do<T>(step: Step<T>): Promise<T> {
    return (await this.doAll([step]))[0];
  }

  /** Does any number of steps, each as a whole, in as few commits as it takes. */
  async doAll<T>(
    steps: Step<T>[],
    committed: (values: T[], versionstamp: string) => void = () => {},
  ): Promise<T[]> {
    const all: T[] = [];
    for (let attempt = 0; all.length < steps.length;) {
      const tx = await this.begin();
      const to = all.length + share(steps.length - all.length, attempt);
      const values = await commit(tx, () => applySteps(tx, steps.slice(all.length, to)));
      if (values) {
        all.push(...values);
        committed(values, tx.versionstamp);
        attempt = 0;
      } else await pause(attempt++);
    }
    return all;
  }

  /** Remembers what was handed out or lent: its holder settles it without reading it again. */
  remember(entry: Entry, versionstamp: string): void {
    const receipt = entry.receipt!;
    this.#handedOut.delete(receipt);
    this.#handedOut.set(receipt, { entry, versionstamp });
    if (this.#handedOut.size > MOST_REMEMBERED) this.forget(this.#handedOut.keys().next().value!);
  }

  /** What has this receipt, which is taken for known by the transaction. */
  recall(tx: Transaction, receipt: string): Entry | undefined {
    const handedOut = this.#handedOut.get(receipt);
    if (handedOut) tx.expect(entryKey(handedOut.entry), handedOut.entry, handedOut.versionstamp);
    return handedOut?.entry;
  }

  /** The hand-out is over. */
  forget(receipt: string): void {
    this.#handedOut.delete(receipt);
  }

  /** Removes what was left to be removed: at once, or, where it was perhaps left by others, now and then. */
  async sweep(when: "now" | "perhaps"): Promise<void> {
    if (when === "perhaps" && Math.abs(Date.now() - this.#swept) < SWEEP.interval) return;
    this.#swept = Date.now();
    try {
      await this.doAll(await leftParts(await this.begin(), SWEEP.most));
    } catch {
      // What could not be removed is still left, and the exchange that was about something else was done.
    }
  }
}

/** How many steps to try at once: all, and once more all, and then ever fewer, which somebody is less likely to disturb. */
export function share(steps: number, attempt: number): number {
  return Math.ceil(steps / 2 ** Math.max(0, attempt - 1));
}

/** As many steps as fit into the commit, and at least one. */
export async function applySteps<T>(tx: Transaction, steps: Step<T>[]): Promise<T[]> {
  const values: T[] = [];
  for (const step of steps) {
    const done = await tx.fit(async () => await step(tx));
    if (!done && values.length === 0) throw new RangeError("Store less at once: this is more than Deno KV commits");
    if (!done) break;
    values.push(done.value);
  }
  return values;
}

/** Fills a transaction and commits it; `undefined` if somebody was in the way. */
export async function commit<T>(tx: Transaction, fill: () => Promise<T>): Promise<T | undefined> {
  try {
    const value = await fill();
    return await tx.commit() ? value : undefined;
  } catch (error) {
    if (error instanceof Conflict) return undefined;
    throw error;
  }
}
