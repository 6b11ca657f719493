import type { Exchange, Message, Space } from "../src/storage.ts";
import type { KvKey } from "./deno_kv_database.ts";
import { placeOf } from "./deno_kv_entry.ts";
import { keySize, LARGEST_KEY } from "./deno_kv_keys.ts";
import { LARGEST } from "./deno_kv_transaction.ts";
import { valueKey } from "./deno_kv_values.ts";

/** What a message or a value costs besides its texts, at the most: its keys, its numbers, its name in JSON. */
const OVERHEAD = 512;

/** What an exchange checks besides what it was asked for. */
const OWN_CHECKS = 2;

/** What each commit of one settlement, or one message, would have. */
interface Cost {
  bytes: number;
  checks: number;
}

/**
 * Refuses, before anything is done, an exchange of which a part could never be committed.
 *
 * @throws {RangeError} if a key or what belongs together is too large.
 */
export function assertStorable(queue: string, { request, settle = [], enqueue = [] }: Exchange, most: number): void {
  const checks = most - OWN_CHECKS;
  if (request !== undefined) assertKey(queue, ["a", request, 0]);
  for (const message of enqueue) assertCost(messageCost(queue, message), checks);
  for (const { retry, release, bury, writes = [], enqueue = [], joins = [] } of settle) {
    const cost: Cost = { bytes: OVERHEAD + textSize(release?.body) + textSize(bury), checks: 2 };
    for (const message of retry ? [retry, ...enqueue] : enqueue) {
      const { bytes, checks } = messageCost(queue, message);
      cost.bytes += bytes;
      cost.checks += checks;
    }
    for (const { space, key, value } of writes) cost.bytes += valueCost(queue, space, key, value);
    for (const { value } of joins) cost.bytes += textSize(value) + 16;
    cost.checks += new Set(joins.map(({ id }) => id)).size;
    assertCost(cost, checks);
  }
}

/**
 * Refuses a value that could never be committed.
 *
 * @throws {RangeError} if the key or the value is too large.
 */
export function assertValue(queue: string, space: Space, key: string, value: string): void {
  assertCost({ bytes: valueCost(queue, space, key, value), checks: 1 }, 1);
}

function messageCost(queue: string, { id, name, body, unique }: Message): Cost {
  const message = { id, name };
  assertKey(queue, [...placeOf({ state: "queued", message, body: "", position: 0, deliveries: 0 }), id]);
  if (unique) assertKey(queue, ["u", unique.key]);
  // The id is in three keys and in the message, and the unique key in one key and in the message.
  const bytes = OVERHEAD + textSize(body) + textSize(name) + 4 * textSize(id) + 2 * textSize(unique?.key);
  return { bytes, checks: unique ? 2 : 1 };
}

function valueCost(queue: string, space: Space, key: string, value?: string): number {
  assertKey(queue, valueKey(space, key));
  return OVERHEAD + textSize(key) + textSize(value);
}

/** Of a text as it is written, in bytes, or more if it is small: in JSON a character has at most six. */
function textSize(text = ""): number {
  return text.length < 1_000 ? text.length * 6 : new TextEncoder().encode(JSON.stringify(text)).length;
}

function assertKey(queue: string, key: KvKey): void {
  const size = keySize(["huey", queue, ...key]);
  if (size > LARGEST_KEY) {
    throw new RangeError(`Use shorter ids and keys: this one has ${size} bytes, and Deno KV takes ${LARGEST_KEY}`);
  }
}

function assertCost({ bytes, checks }: Cost, mostChecks: number): void {
  if (bytes > LARGEST) {
    throw new RangeError(
      `Store less at once, such as a reference to large data: this has ${bytes} bytes, and Deno KV takes ${LARGEST}`,
    );
  }
  if (checks > mostChecks) {
    throw new RangeError(
      `Let fewer tasks follow one task: this needs ${checks} checks, and this Deno KV takes ${mostChecks}`,
    );
  }
}
