import {
  type Delivery,
  type Enqueued,
  type Exchange,
  type Exchanged,
  type Join,
  type Mark,
  type Message,
  REQUEST_MEMORY,
  type Settlement,
} from "../src/storage.ts";
import { addMany } from "./deno_kv_bulk.ts";
import { claim as claimInto } from "./deno_kv_claim.ts";
import { pause } from "./deno_kv_connection.ts";
import { beginCounting } from "./deno_kv_counts.ts";
import type { KvKey } from "./deno_kv_database.ts";
import { type Entry, placeKey, toMessage } from "./deno_kv_entry.ts";
import { holdKey } from "./deno_kv_holds.ts";
import { readParts } from "./deno_kv_parts.ts";
import { applySteps, commit, type Queue, share, type Step } from "./deno_kv_queue.ts";
import { Conflict, type Transaction } from "./deno_kv_transaction.ts";
import { deleteValue, expectNoChunks, getValues, isRare, setValue, valueKey } from "./deno_kv_values.ts";

/** What one settlement, or one message that was to be added, is answered. */
type Answer = boolean | Enqueued;

/** Settles, adds and hands out. */
export async function exchange(queue: Queue, asked: Exchange, now: number): Promise<Exchanged> {
  const { request, settle = [], enqueue = [], claim } = asked;
  await beginCounting(queue);
  const answers: Answer[] = [];
  const handed: Entry[] = [];
  const exchanged: Exchanged = { now, settled: [], enqueued: [], deliveries: [], recovered: 0, promoted: 0 };
  const count = settle.length + enqueue.length;
  let claiming = claim !== undefined;
  let leaves = false;
  let quiet = true;

  for (let attempt = 0; answers.length < count || claiming;) {
    const tx = await queue.begin();
    const from = answers.length;
    if (quiet && from >= settle.length && count - from > tx.checks) {
      quiet = false;
      answers.push(
        ...await addMany(queue, enqueue.slice(from - settle.length), now, (tx, at, added) => {
          if (request !== undefined) remember(tx, request, from + at, added);
        }),
      );
      continue;
    }
    // More do not fit: each has a check, unless it does nothing.
    const to = from + Math.min(share(count - from, attempt), tx.checks);
    const done = await commit(tx, async () => {
      queue.rare ||= await isRare(tx, attempt === 0);
      const applied = await apply(
        queue,
        tx,
        {
          settle: settle.slice(from, to),
          enqueue: enqueue.slice(Math.max(0, from - settle.length), Math.max(0, to - settle.length)),
        },
        now,
        attempt,
      );
      if (request !== undefined && applied.length > 0) remember(tx, request, from, applied);
      // Who was in somebody's way settles first, and claims by itself.
      const alone = applied.length === 0;
      const claimed = claiming && from + applied.length === count && (alone || attempt === 0)
        ? await claimInto(tx, queue.messages, { ...claim!, limit: claim!.limit - handed.length }, now, attempt)
        : undefined;
      return { applied, claimed };
    });
    if (!done) {
      if (request !== undefined) answers.push(...await recall(await queue.begin(), request, from));
      if (answers.length > from) attempt = 0; // nobody was in the way: this is what was done already
      else await pause(attempt++);
      continue;
    }
    attempt = 0;
    queue.rare ||= await isRare(tx, false);
    leaves ||= tx.leaves;
    answers.push(...done.applied);
    if (!done.claimed) continue;
    const { entries, promoted, recovered, next, more } = done.claimed;
    for (const entry of entries) queue.remember(entry, tx.versionstamp);
    handed.push(...entries);
    exchanged.promoted += promoted;
    exchanged.recovered += recovered;
    if (next < Infinity) exchanged.next = next;
    claiming = more;
  }

  settle.forEach(({ receipt }) => receipt !== undefined && queue.forget(receipt));
  exchanged.settled = answers.slice(0, settle.length) as boolean[];
  exchanged.enqueued = answers.slice(settle.length) as Enqueued[];
  if (handed.length > 0) exchanged.deliveries = await deliver(queue, handed, now);
  if (leaves || (claim && handed.length === 0)) await queue.sweep(leaves ? "now" : "perhaps");
  return exchanged;
}

/** The marks on messages. Often there are none at all, which is asked only once. */
export async function readMarks(
  tx: Transaction,
  messages: readonly { id: string; name: string }[],
  now: number,
): Promise<Mark[][]> {
  if (messages.length === 0 || !await tx.some(valueKey("revoked", "").slice(0, 2))) return messages.map(() => []);
  const keys = messages.flatMap(({ id, name }) => [`id:${id}`, `name:${name}`]);
  const values = await getValues(tx, "revoked", keys, now);
  const marks = keys.map((key, i): Mark[] => values[i] === undefined ? [] : [{ key, value: values[i] }]);
  return messages.map((_, i) => [...marks[2 * i], ...marks[2 * i + 1]]);
}

/** Settles and adds as much as fits into the commit. */
async function apply(
  queue: Queue,
  tx: Transaction,
  { settle, enqueue }: { settle: Settlement[]; enqueue: Message[] },
  now: number,
  attempt: number,
): Promise<Answer[]> {
  const added = [...settle.flatMap(({ enqueue = [] }) => enqueue), ...enqueue];
  const unique = added.filter(({ unique }) => unique);
  // At first what is to be added is taken for new, and what was handed out for unchanged: the checks tell. But a message
  // that is not added, since its unique key is held, is not checked.
  if (attempt === 0) { for (const { id, unique } of added) if (!unique) tx.expect(placeKey(id), undefined, null); }
  await tx.read([
    ...(attempt === 0 ? unique : added).map(({ id }) => placeKey(id)),
    ...unique.map(({ unique }) => holdKey(unique!.key)),
  ]);
  await expectNoChunks(tx, settle.flatMap(({ writes = [] }) => writes), queue.rare);
  const steps: Step<Answer>[] = [
    ...settle.map((settlement) => (tx: Transaction) => applySettlement(queue, tx, settlement, now, attempt)),
    ...enqueue.map((message) => (tx: Transaction) => queue.messages.add(tx, message, now)),
  ];
  return await applySteps(tx, steps);
}

async function applySettlement(
  queue: Queue,
  tx: Transaction,
  settlement: Settlement,
  now: number,
  attempt: number,
): Promise<boolean> {
  const { receipt, writes = [], enqueue = [], joins = [] } = settlement;
  const handedOut = receipt !== undefined && attempt === 0 ? queue.recall(tx, receipt) : undefined;
  // First the end, so that what follows may have the id and the unique key of what has ended.
  if (!await queue.messages.end(tx, settlement, now, handedOut)) return false;
  for (const { space, key, value, ttl } of writes) {
    if (value === undefined) await deleteValue(tx, space, key);
    else await setValue(tx, space, key, value, ttl === undefined ? undefined : now + ttl, now);
  }
  // Then the messages, so that a part may go to one that is only added here.
  for (const message of enqueue) await queue.messages.add(tx, message, now);
  const joined = new Map<string, Join[]>();
  for (const join of joins) joined.set(join.id, [...joined.get(join.id) ?? [], join]);
  for (const [id, joins] of joined) await queue.messages.join(tx, id, joins, now);
  return true;
}

async function deliver(queue: Queue, handed: Entry[], now: number): Promise<Delivery[]> {
  const tx = await queue.begin();
  const marks = queue.rare ? await readMarks(tx, handed.map(({ message }) => message), now) : handed.map(() => []);
  const deliveries = await Promise.all(handed.map(async (entry, i): Promise<Delivery[]> => {
    try {
      return [{
        message: await toMessage(tx, entry),
        receipt: entry.receipt!,
        deliveries: entry.deliveries,
        ...marks[i].length > 0 && { revoked: marks[i] },
        ...entry.parts && { parts: await readParts(tx, entry.parts) },
      }];
    } catch (error) {
      if (error instanceof Conflict) return []; // it was flushed a moment after it was handed out
      throw error;
    }
  }));
  return deliveries.flat();
}

/**
 * Each commit keeps the answers it gives, under the request's name and the number of the first of them. No other commit
 * can have that number, so one that is sent again, even while the first one is under way, goes on where that has ended.
 */
function remember(tx: Transaction, request: string, from: number, answers: Answer[]): void {
  const key: KvKey = ["a", request, from];
  tx.expect(key, undefined, null);
  tx.check(key);
  tx.set(key, answers, 2 * REQUEST_MEMORY);
}

/** The answers that the request was given already, from one of them on. */
async function recall(tx: Transaction, request: string, from: number): Promise<Answer[]> {
  const recalled: Answer[] = [];
  for (const { key, value } of await tx.list<Answer[]>(["a", request])) {
    if (key[2] === from + recalled.length) recalled.push(...value);
  }
  return recalled;
}
