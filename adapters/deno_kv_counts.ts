import type { Counts, State } from "../src/storage.ts";
import type { KvKey } from "./deno_kv_database.ts";
import { countKey, type Entry, entryKey, PREFIXES } from "./deno_kv_entry.ts";
import type { Queue } from "./deno_kv_queue.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

const STATES = Object.keys(PREFIXES) as State[];

/**
 * Is not 0 if every message is counted. Whoever adds or moves one counts it, so once this is so it stays so; only what a
 * version that did not count has left must be looked for.
 */
const ALL: KvKey = ["n", "all"];

/** How many messages are in each state. What is not counted yet is counted first. */
export async function readCounts(queue: Queue): Promise<Omit<Counts, "results">> {
  const read = async (): Promise<number[]> => await (await queue.begin()).numbers([ALL, ...STATES.map(countKey)]);
  let [all, ...numbers] = await read();
  if (all === 0) {
    await countAll(queue);
    [all, ...numbers] = await read();
  }
  return Object.fromEntries(STATES.map((state, i) => [state, numbers[i]])) as Record<State, number>;
}

/** Says, before the first message is added, that all are counted. */
export async function beginCounting(queue: Queue): Promise<void> {
  if (queue.counting) return;
  await queue.do(async (tx) => {
    const [[all], some] = await Promise.all([tx.numbers([ALL]), tx.some(["m"])]);
    if (all === 0 && !some) tx.add(ALL, 1);
  });
  queue.counting = true;
}

/** Counts what was written by a version that did not count. It may be moved meanwhile: whoever moves it counts it. */
async function countAll(queue: Queue): Promise<void> {
  for (const state of STATES) {
    const entries = await (await queue.begin()).list<Entry>(PREFIXES[state]);
    const steps = entries
      .filter(({ value }) => !value.counted)
      .map(({ value }) => async (tx: Transaction): Promise<void> => {
        const entry = await tx.get<Entry>(entryKey(value));
        if (entry) queue.messages.count(tx, entry);
      });
    await queue.doAll(steps);
  }
  await queue.do((tx) => tx.add(ALL, 1));
}
