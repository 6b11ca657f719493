import type { Delivery, Exchange, Exchanged, Mark, Settlement } from "../src/storage.ts";
import type { Answers } from "./sqlite_answers.ts";
import type { Ending } from "./sqlite_ends.ts";
import type { Messages } from "./sqlite_messages.ts";
import type { Entry, Values } from "./sqlite_values.ts";

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
  let answer = named === undefined ? undefined : answers.recall(named);
  if (!answer) {
    answer = { settled: applySettlements(tables, settle, now), enqueued: messages.addAll(enqueue, now) };
    if (named !== undefined) answers.keep(named, answer, now);
  }
  return { ...NOTHING, now, ...answer, ...claim && applyClaim(tables, claim, now) };
}

/** Finds the marks on messages. Most of the time there are none at all, which is asked only once. */
export function findMarks(values: Values, now: number): (message: { id: string; name: string }) => Mark[] {
  if (!values.hasMarks()) return () => [];
  return ({ id, name }) =>
    [`id:${id}`, `name:${name}`].flatMap((key) => {
      const value = values.get("revoked", key, now);
      return value === undefined ? [] : [{ key, value }];
    });
}

/** Those that only end a delivery with an outcome are applied together, as far as they are neighbours. */
function applySettlements(tables: Tables, settle: Settlement[], now: number): boolean[] {
  const settled: boolean[] = [];
  while (settled.length < settle.length) {
    const ends = endsFrom(settle, settled.length, now);
    if (ends.length === 0) settled.push(applySettlement(tables, settle[settled.length], now));
    else settled.push(...applyEnds(tables, settle.slice(settled.length, settled.length + ends.length), ends, now));
  }
  return settled;
}

/** An end of a delivery, and what else it writes. */
type End = Ending & { others: Entry[] };

/** Of the settlements from one on, as many as only end deliveries with outcomes, each another one. */
function endsFrom(settle: Settlement[], from: number, now: number): End[] {
  const ends: End[] = [];
  const seen = new Set<string>();
  for (let i = from; i < settle.length; i++) {
    const end = toEnd(settle[i], now);
    if (!end || seen.has(end.receipt) || seen.has(end.id)) break;
    seen.add(end.receipt).add(end.id);
    ends.push(end);
  }
  return ends;
}

function toEnd(settlement: Settlement, now: number): End | undefined {
  const { receipt, retry, release, bury, writes = [], enqueue = [], joins = [] } = settlement;
  if (receipt === undefined || retry || release || bury !== undefined || enqueue.length + joins.length > 0) return;
  let outcome: Entry | undefined;
  const others: Entry[] = [];
  for (const { space, key, value, ttl } of writes) {
    if (value === undefined || (outcome && space === "results")) return;
    const entry: Entry = { space, key, value, until: ttl === undefined ? null : now + ttl };
    if (space === "results") outcome = entry;
    else others.push(entry);
  }
  return outcome && { receipt, id: outcome.key, value: outcome.value, until: outcome.until ?? null, others };
}

function applyEnds(tables: Tables, settle: Settlement[], ends: End[], now: number): boolean[] {
  const { messages, values } = tables;
  const settled = messages.endAll(ends, now);
  const others = ends.filter((_, i) => settled[i]).flatMap(({ id, others }) => {
    values.written("results", id);
    return others;
  });
  if (others.length > 0) values.setAll(others);
  // Nobody has that delivery, or its outcome is another task's.
  return settled.map((done, i) => done || applySettlement(tables, settle[i], now));
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
  if (ahead.marked) {
    const marksOf = findMarks(values, now);
    for (const delivery of deliveries) {
      const revoked = marksOf(delivery.message);
      if (revoked.length > 0) delivery.revoked = revoked;
    }
  }
  const next = Math.min(ahead.next, deliveries.length > 0 ? now + claim.lease : Infinity);
  return { ...moved, deliveries, ...next < Infinity && { next } };
}
