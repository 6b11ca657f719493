import type { KvKey } from "./deno_kv_database.ts";
import { SLACK } from "./deno_kv_values.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

/** That a message holds a unique key. */
interface Hold {
  id: string;
  /** Up to when it is held even if the message is finished. */
  until?: number;
  finished?: true;
}

/** The unique key of a message. */
export interface Held {
  /** What is held. */
  key: string;
  /** Up to when at the least. */
  until?: number;
}

/** Where it is kept who holds a unique key. */
export function holdKey(key: string): KvKey {
  return ["u", key];
}

/** Takes a key for a message, unless another one holds it, whose id it gives then. */
export async function takeHold(
  tx: Transaction,
  { key, until }: Held,
  id: string,
  now: number,
): Promise<string | undefined> {
  const hold = await tx.get<Hold>(holdKey(key));
  if (hold && !isOver(hold, now)) return hold.id;
  tx.check(holdKey(key));
  tx.set(holdKey(key), { id, until } satisfies Hold);
}

/**
 * The message is finished: its key is free, or will be when the time has come. As long as it was not, nobody else can
 * have had the key, so nothing is read; that it is not finished yet is what its own check says.
 */
export function finishHold(tx: Transaction, { key, until }: Held, id: string, now: number): void {
  if (until === undefined || until <= now) tx.delete(holdKey(key));
  else tx.set(holdKey(key), { id, until, finished: true } satisfies Hold, Math.ceil(until - now) + SLACK);
}

/** The message, a dead letter, is brought back: it holds the key again until it is finished, if it still had it. */
export async function resumeHold(tx: Transaction, { key }: Held, id: string, now: number): Promise<boolean> {
  const hold = await tx.get<Hold>(holdKey(key));
  if (hold?.id !== id || isOver(hold, now)) return false;
  tx.check(holdKey(key));
  tx.set(holdKey(key), { id, until: hold.until } satisfies Hold);
  return true;
}

/** The key is free at once, unless another message has it by now. */
export async function freeHold(tx: Transaction, { key }: Held, id: string): Promise<void> {
  const hold = await tx.get<Hold>(holdKey(key));
  if (hold?.id !== id) return;
  tx.check(holdKey(key));
  tx.delete(holdKey(key));
}

/** The keys that are held for messages that are finished. */
export async function listFinished(tx: Transaction): Promise<string[]> {
  const holds = await tx.list<Hold>(holdKey("").slice(0, 1));
  return holds.filter(({ value }) => value.finished).map(({ key }) => key[1] as string);
}

/** The key is free at once, if the message that holds it is finished. */
export async function freeFinished(tx: Transaction, key: string): Promise<void> {
  const hold = await tx.get<Hold>(holdKey(key));
  if (!hold?.finished) return;
  tx.check(holdKey(key));
  tx.delete(holdKey(key));
}

function isOver({ until, finished }: Hold, now: number): boolean {
  return finished === true && until! <= now;
}
