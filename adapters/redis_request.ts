import type { Exchange, Message, Settlement, Space, State, Write } from "../src/storage.ts";
import { toKept } from "./redis_body.ts";
import type { Keys } from "./redis_keys.ts";
import { LARGEST_INLINE, SPACES } from "./redis_keys.ts";

/** The letters that the scripts have for the states. */
export const LETTERS: Readonly<Record<State, string>> = {
  queued: "q",
  scheduled: "s",
  waiting: "w",
  running: "r",
  dead: "d",
};

/** How wide the place in line is with which the members of the sorted sets begin. */
export const PLACE = 16;

/** More than anybody has hands for, and a number that every server can read. */
const MOST_CLAIMED = 1_000_000;

/** What an exchange's script is given. */
export interface ScriptRequest {
  /** Its `KEYS`. */
  keys: string[];
  /** Its `ARGV`. */
  args: string[];
}

/** For {@linkcode encodeExchange}. */
export interface EncodeOptions {
  /** The keys of the name. */
  keys: Keys;
  /** What the receipts of this claim begin with: letters and digits that were never used before. */
  token: string;
  /** Whether the script tells those who wait. */
  wakes: boolean;
  /** How many expired values are removed at most in each space that is written to, or in all of them. 0: none. */
  sweep: { most: number; everywhere: boolean };
}

/** An exchange as the keys and arguments of its script. */
export function encodeExchange(exchange: Exchange, { keys, token, wakes, sweep }: EncodeOptions): ScriptRequest {
  const { request, now, settle = [], enqueue = [], claim } = exchange;
  const spaces: Space[] = sweep.everywhere ? [...SPACES] : [];
  const args: string[] = [];
  const isPlain = isPlainCase(settle, enqueue);
  if (isPlain) pushPlain(args, settle, enqueue, spaces);
  else {
    for (const settlement of settle) pushSettlement(args, settlement, spaces);
    for (const message of enqueue) pushMessage(args, message);
  }
  const head = [
    settle.length,
    enqueue.length,
    claim ? Math.min(claim.limit, MOST_CLAIMED) : -1,
    claim?.lease ?? 0,
    token,
    spaces.length,
    sweep.most,
    request === undefined ? 0 : 1,
    isPlain ? 1 : 0,
  ];
  return {
    keys: [
      ...keys.messages,
      ...spaces.flatMap((space) => keys.space(space)),
      ...request === undefined ? [] : [keys.request(request)],
    ],
    args: [now === undefined ? "" : `${now}`, head.join(" "), wakes ? keys.prefix : "", ...args],
  };
}

/**
 * Whether all that is settled is plain, is finished and leaves at most an outcome, all outcomes for the same time, and all
 * that is added is plain; and none of them is there twice.
 */
function isPlainCase(settle: Settlement[], enqueue: Message[]): boolean {
  let first: Write | undefined;
  for (const { receipt, retry, release, bury, writes = [], enqueue = [], joins = [] } of settle) {
    if (receipt === undefined || !receipt.startsWith("~") || writes.length > 1) return false;
    if (retry || release || bury !== undefined || enqueue.length > 0 || joins.length > 0) return false;
    if (writes.length === 0) continue;
    const [{ space, key, value, ttl }] = writes;
    first ??= writes[0];
    if (value === undefined || space !== first.space || ttl !== first.ttl || key !== idOf(receipt)) return false;
  }
  if (hasTwice(settle.map(({ receipt }) => receipt)) || hasTwice(enqueue.map(({ id }) => id))) return false;
  return enqueue.every(({ name, body, unique, parts }) =>
    unique === undefined && parts === undefined && body.length <= LARGEST_INLINE && !name.includes("\n")
  );
}

function hasTwice(items: unknown[]): boolean {
  return items.length > 1 && new Set(items).size < items.length;
}

/** The message that a receipt is for. */
function idOf(receipt: string): string {
  return receipt.slice(receipt.indexOf(".") + 1 + PLACE);
}

function pushPlain(args: string[], settle: Settlement[], enqueue: Message[], spaces: Space[]): void {
  const first = settle.find(({ writes = [] }) => writes.length > 0)?.writes?.[0];
  if (first && !spaces.includes(first.space)) spaces.push(first.space);
  args.push(first ? `${first.space} ${spaces.indexOf(first.space)} ${first.ttl ?? "-"}` : "none 0 -");
  for (const { receipt, writes: [write] = [] } of settle) args.push(receipt!, write ? `~${write.value}` : "");
  for (const message of enqueue) {
    args.push(message.id, `${fieldsOf(message)}\n${toKept(message.id, message.name, message.body)}`);
  }
}

function pushSettlement(args: string[], settlement: Settlement, spaces: Space[]): void {
  const { receipt, resting, retry, release, bury, writes = [], enqueue = [], joins = [] } = settlement;
  const how = retry ? "t" : release ? (release.body === undefined ? "l" : "m") : bury === undefined ? "f" : "b";
  args.push(`${receipt === undefined ? "s" : "r"}${how} ${writes.length} ${enqueue.length} ${joins.length}`);
  args.push(receipt ?? `${resting!.states.map((state) => LETTERS[state]).join("")} ${resting!.id}`);
  if (retry) pushFields(args, retry);
  else if (release) {
    args.push(`${release.eta ?? "-"} ${release.delay ?? "-"}`);
    if (release.body !== undefined) args.push(`~${release.body}`);
  } else if (bury !== undefined) args.push(`~${bury}`);
  for (const { space, key, value, ttl } of writes) {
    if (!spaces.includes(space)) spaces.push(space);
    args.push(`${space} ${spaces.indexOf(space)} ${value === undefined ? "x" : ttl ?? "-"}`, key);
    if (value !== undefined) args.push(`~${value}`);
  }
  for (const message of enqueue) pushMessage(args, message);
  for (const { id, index, value } of joins) args.push(`${index} ${id}`, `~${value}`);
}

function pushMessage(args: string[], message: Message): void {
  args.push(message.id);
  pushFields(args, message);
  if (message.unique) args.push(message.unique.key);
}

function pushFields(args: string[], message: Message): void {
  args.push(fieldsOf(message), toKept(message.id, message.name, message.body));
}

function fieldsOf({ name, eta, delay, priority = 0, parts, unique }: Message): string {
  if ((eta ?? delay ?? parts ?? unique) === undefined && priority === 0) return `- - - 0 - ${name}`; // as most have
  const until = unique ? unique.until ?? "+" : "-";
  return `${eta ?? "-"} ${delay ?? "-"} ${parts ?? "-"} ${priority} ${until} ${name}`;
}
