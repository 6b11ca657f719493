import type { Exchange } from "../src/storage.ts";
import type { KvKey } from "./deno_kv_database.ts";
import { type Entry, PREFIXES } from "./deno_kv_entry.ts";
import type { Messages } from "./deno_kv_messages.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

/** How many due messages, and how many lapsed ones, one commit moves at the most. */
const MOST_MOVED = 100;

/** How far, in messages for each attempt, somebody looks who was in another one's way. */
const SPREAD = 64;

/** What one commit hands out and moves. */
export interface Claimed {
  /** Handed out, in order. */
  entries: Entry[];
  /** Moved from the schedule to the queue. */
  promoted: number;
  /** Taken back from lapsed leases. */
  recovered: number;
  /** When, by time alone, there will be more; `Infinity`: never. */
  next: number;
  /** Whether there is, or may be, more that could be handed out at once. */
  more: boolean;
}

/**
 * Promotes, recovers and hands out, as much as fits into the commit. Who has failed takes less each time, and takes it
 * at random from among the first, since those in front are what everybody wants.
 */
export async function claim(
  tx: Transaction,
  messages: Messages,
  { limit, lease }: NonNullable<Exchange["claim"]>,
  now: number,
  attempt: number,
): Promise<Claimed> {
  const claimed: Claimed = { entries: [], promoted: 0, recovered: 0, next: Infinity, more: false };
  let [next, queued] = await Promise.all([readNext(tx), readQueued(tx, limit, attempt)]);
  if (next <= now) {
    claimed.promoted = await move(tx, messages, ["s"], now, attempt);
    claimed.recovered = await move(tx, messages, ["r"], now, attempt);
    [next, queued] = await Promise.all([readNext(tx), readQueued(tx, limit, attempt)]);
  }
  const wanted = attempt === 0 ? queued : choose(queued, Math.ceil(limit / 2 ** attempt));
  const token = crypto.randomUUID();
  for (const entry of wanted) {
    const handed = await tx.fit(() => Promise.resolve(messages.handOut(tx, entry, token, now + lease)));
    if (!handed) break;
    claimed.entries.push(handed.value);
  }
  claimed.more = claimed.entries.length < Math.min(queued.length, limit);
  claimed.next = Math.min(next, claimed.entries.length > 0 ? now + lease : Infinity);
  return claimed;
}

/** When, by time alone, something will be ready. */
export async function readNext(tx: Transaction): Promise<number> {
  const [[scheduled], [running]] = await Promise.all([
    tx.list<Entry>(PREFIXES.scheduled, { limit: 1 }),
    tx.list<Entry>(PREFIXES.running, { limit: 1 }),
  ]);
  return Math.min(scheduled?.value.message.eta ?? Infinity, running?.value.lapses ?? Infinity);
}

async function readQueued(tx: Transaction, limit: number, attempt: number): Promise<Entry[]> {
  if (limit === 0) return [];
  const queued = await tx.list<Entry>(PREFIXES.queued, { limit: limit + attempt * SPREAD });
  return queued.map(({ value }) => value);
}

async function move(
  tx: Transaction,
  messages: Messages,
  prefix: KvKey,
  now: number,
  attempt: number,
): Promise<number> {
  const limit = Math.ceil(MOST_MOVED / 2 ** attempt);
  const due = await tx.list<Entry>(prefix, { limit, end: [...prefix, now, Infinity] });
  let moved = 0;
  for (const { value } of due) {
    if (!await tx.fit(() => Promise.resolve(messages.move(tx, value)))) break;
    moved++;
  }
  return moved;
}

/** So many, at random, of those that have the highest priority, in their order. */
function choose(queued: Entry[], count: number): Entry[] {
  const highest = queued.filter(({ message }) => (message.priority ?? 0) === (queued[0].message.priority ?? 0));
  while (highest.length > count) highest.splice(Math.floor(Math.random() * highest.length), 1);
  return highest;
}
