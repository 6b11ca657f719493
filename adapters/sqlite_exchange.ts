import type { Delivery, Exchange, Exchanged, Mark, Settlement } from "../src/storage.ts";
import type { Answer, Answers } from "./sqlite_answers.ts";
import type { Messages } from "./sqlite_messages.ts";
import type { Values } from "./sqlite_values.ts";

/** What one name has in a database. */
export interface Tables {
  /** Its messages. */
  messages: Messages;
  /** Its key/value set. */
  values: Values;
  /** Its memory of requests. */
  answers: Answers;
}

type Claim = NonNullable<Exchange["claim"]>;

const NOTHING = { settled: [], enqueued: [], deliveries: [], recovered: 0, promoted: 0 };

/** The answer to one who only claims, if there is nothing for him: found by reading, so that no writer has to wait. */
export function findIdle({ messages }: Tables, claim: Claim, now: number): Exchanged | undefined {
  const { queued, next } = messages.ahead();
  if (next <= now || (queued && claim.limit > 0)) return undefined;
  return { ...NOTHING, now, ...next < Infinity && { next } };
}

/** Settles, adds and hands out, within the transaction of the caller. */
export function applyExchange(
  tables: Tables,
  { request, settle = [], enqueue = [], claim }: Exchange,
  now: number,
): Exchanged {
  const { messages, answers } = tables;
  const named = settle.length + enqueue.length > 0 ? request : undefined;
  let answer: Answer | undefined = named === undefined ? undefined : answers.recall(named);
  if (!answer) {
    answer = {
      settled: settle.map((settlement) => applySettlement(tables, settlement, now)),
      enqueued: enqueue.map((message) => messages.add(message, now)),
    };
    if (named !== undefined) answers.remember(named, answer, now);
  }
  return { ...NOTHING, now, ...answer, ...claim && applyClaim(tables, claim, now) };
}

/** Finds the marks on messages. Most of the time there are none at all, which is asked only once. */
export function findMarks(values: Values, now: number): (message: { id: string; name: string }) => Mark[] {
  if (!values.some("revoked")) return () => [];
  return ({ id, name }) =>
    [`id:${id}`, `name:${name}`].flatMap((key) => {
      const value = values.get("revoked", key, now);
      return value === undefined ? [] : [{ key, value }];
    });
}

function applySettlement({ messages, values }: Tables, settlement: Settlement, now: number): boolean {
  // First the end, so that what follows may have the id and the unique key of what has ended.
  if (!messages.end(settlement, now)) return false;
  for (const { space, key, value, ttl } of settlement.writes ?? []) {
    if (value === undefined) values.delete(space, key);
    else values.set(space, key, value, ttl === undefined ? undefined : now + ttl);
  }
  // Then the messages, so that a part may go to one that is only added here.
  for (const message of settlement.enqueue ?? []) messages.add(message, now);
  for (const join of settlement.joins ?? []) messages.join(join, now);
  return true;
}

function applyClaim(
  { messages, values }: Tables,
  claim: Claim,
  now: number,
): Pick<Exchanged, "deliveries" | "promoted" | "recovered" | "next"> {
  let ahead = messages.ahead();
  const moved = ahead.next <= now ? messages.move(now) : { promoted: 0, recovered: 0 };
  if (moved.promoted + moved.recovered > 0) ahead = messages.ahead();
  const deliveries: Delivery[] = ahead.queued && claim.limit > 0 ? messages.claim(claim, now) : [];
  if (deliveries.length > 0) {
    const marksOf = findMarks(values, now);
    for (const delivery of deliveries) {
      const revoked = marksOf(delivery.message);
      if (revoked.length > 0) delivery.revoked = revoked;
    }
  }
  const next = Math.min(ahead.next, deliveries.length > 0 ? now + claim.lease : Infinity);
  return { ...moved, deliveries, ...next < Infinity && { next } };
}
