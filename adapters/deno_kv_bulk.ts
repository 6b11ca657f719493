import type { Enqueued, Message } from "../src/storage.ts";
import { placeKey } from "./deno_kv_entry.ts";
import { applySteps, type Queue } from "./deno_kv_queue.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

/** How many one commit is tried to be filled with. Each is two mutations, of which a commit may have a thousand. */
const MOST = 500;

/** Ids that are ordered alike by Deno KV and here, and are no longer than one key may be. */
const PLAIN = /^[ -~]{1,200}$/;

/**
 * Adds new messages by commits that check for all of them together that nobody else has written since none of them was
 * there, instead of checking each: many more fit into one. Gives the answers for as many as were added before somebody
 * wrote. `remember` is told, with each commit, of which message on it answers, and what.
 */
export async function addMany(
  queue: Queue,
  messages: Message[],
  now: number,
  remember: (tx: Transaction, from: number, answers: Enqueued[]) => void,
): Promise<Enqueued[]> {
  const answers: Enqueued[] = [];
  let rung = await absentSince(queue, messages);
  if (rung === undefined) return answers;

  async function fill(from: number): Promise<{ tx: Transaction; added: Enqueued[] }> {
    const tx = await queue.begin();
    const some = messages.slice(from, from + MOST);
    for (const { id } of some) tx.expectNone(placeKey(id));
    const added = await applySteps(tx, some.map((message) => (tx) => queue.messages.add(tx, message, now)));
    if (added.length > 0) remember(tx, from, added);
    return { tx, added };
  }

  for (let filled = await fill(0); filled.added.length > 0;) {
    const { tx, added } = filled;
    tx.rely(rung);
    // While one is committed the next is filled: of what that one takes for granted, our own commit changes nothing.
    const [done, next] = await Promise.all([tx.commit(), fill(answers.length + added.length)]);
    if (!done) break;
    answers.push(...added);
    rung = tx.versionstamp;
    filled = next;
  }
  return answers;
}

/** Since when, by the bell, none of them is there; `undefined` if one is, or if one look does not tell. */
async function absentSince(queue: Queue, messages: Message[]): Promise<string | null | undefined> {
  const ids = messages.map(({ id }) => id).sort();
  // A unique key would be read and checked for each.
  const told = ids.every((id, i) => PLAIN.test(id) && id !== ids[i - 1]) && messages.every(({ unique }) => !unique);
  if (!told) return undefined;
  const tx = await queue.begin();
  const rung = await tx.rung();
  return await tx.someFrom(placeKey(ids[0]), placeKey(ids[ids.length - 1])) ? undefined : rung;
}
