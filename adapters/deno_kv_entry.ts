import type { Message, State, Stored } from "../src/storage.ts";
import type { KvKey } from "./deno_kv_database.ts";
import type { Held } from "./deno_kv_holds.ts";
import { readText, type Text } from "./deno_kv_text.ts";
import type { Transaction } from "./deno_kv_transaction.ts";

/** A message, kept under a key that puts it in its place among those of its state. */
export interface Entry {
  /** Where it is. */
  state: State;
  /** As it was given, without `unique`, and without `delay` as soon as that has become `eta`. */
  message: Omit<Message, "body" | "unique">;
  /** Its body. */
  body: Text;
  /** Its place among its equals, from the moment it joined the back of the queue or the schedule. */
  position: number;
  /** Hand-outs that count. */
  deliveries: number;
  /** Names the last hand-out. It stays when the lease lapses: until the message is handed out again it is its holder's. */
  receipt?: string;
  /** When the lease ends. */
  lapses?: number;
  /** Of a dead letter. */
  note?: string;
  /** The unique key it holds. */
  hold?: Held;
  /** Whether it is counted among those of its state. What was written before anything was counted is not. */
  counted?: true;
  /** The parts of one that was added with `parts`. */
  parts?: {
    /** Under what they are kept. */
    token: string;
    /** How many there are. */
    joined: number;
    /** Which, as long as it waits: a bit each, in words of 32. */
    filled: Record<number, number>;
  };
}

/** Where the chunks of bodies are. */
export const BODIES: KvKey = ["b"];

/** Where messages of a state are. */
export const PREFIXES: Record<State, KvKey> = {
  queued: ["q"],
  scheduled: ["s"],
  waiting: ["w"],
  running: ["r"],
  dead: ["d"],
};

/** Where the number of messages in a state is kept: it is changed by the commits that move them, and by nothing else. */
export function countKey(state: State): KvKey {
  return ["n", state];
}

/** A message's key without its id, which is what is kept under its id. */
export type Place = (string | number)[];

/** Where it is kept in which place a message is. Whoever writes one of the two writes the other. */
export function placeKey(id: string): KvKey {
  return ["m", id];
}

/** The place of a message: the order of the keys is the order of its state. */
export function placeOf({ state, message, position, lapses }: Entry): Place {
  // Subtracted, since -0 and 0 are different keys.
  if (state === "queued") return ["q", 0 - (message.priority ?? 0), position];
  if (state === "scheduled") return ["s", message.eta!, position];
  if (state === "running") return ["r", lapses!, position];
  return [...PREFIXES[state] as Place, position];
}

/** The key of a message. */
export function entryKey(entry: Entry): KvKey {
  return [...placeOf(entry), entry.message.id];
}

/** A message as it is shown. */
export async function toMessage(tx: Transaction, { message, body }: Entry): Promise<Message> {
  const { id, name, ...rest } = message;
  return { id, name, body: await readText(tx, BODIES, body), ...rest };
}

/** A message as it is shown, and where it is. */
export async function toStored(tx: Transaction, entry: Entry): Promise<Stored> {
  const { state, deliveries, note } = entry;
  return { message: await toMessage(tx, entry), state, deliveries, ...note !== undefined && { note } };
}
