import type { Delivery, Exchange, Exchanged, Mark, Message, Renewed, State, Stored } from "../src/storage.ts";
import { toBody } from "./redis_body.ts";
import { LETTERS, PLACE } from "./redis_request.ts";

const STATES = Object.fromEntries(Object.entries(LETTERS).map(([state, letter]) => [letter, state as State]));

/** What follows the place in the record of a plain message that has nothing special, before its name. */
const USUAL = " 0 - - - - 0 - ";
const USUAL_FROM = 2 + PLACE;

const RECORD = /^(\w) \d+ (\d+) \S+ (\S+) (\S+) (\S+) (\S+) \S (.*)$/s;

/** Reads a script's flat answer from front to back. Clients may show a number as text, and text as a number. */
class Reader {
  readonly #items: unknown[];
  #at = 0;

  constructor(items: unknown[]) {
    this.#items = items;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#items.length;
  }

  text(): string {
    return String(this.#items[this.#at++]);
  }

  number(): number {
    return Number(this.#items[this.#at++]);
  }
}

/** What an exchange's script has answered. `token` is that of this claim. */
export function decodeExchange(items: unknown[], { settle = [], enqueue = [] }: Exchange, token: string): Exchanged {
  const reader = new Reader(items);
  const [now, promoted, recovered] = [reader.number(), reader.number(), reader.number()];
  const next = reader.text();
  const enqueued = reader.number() - 1;
  const flags = reader.text();
  // In the plain case all was accepted.
  const isPlain = flags === "p";
  return {
    now,
    settled: isPlain ? settle.map(() => true) : Array.from(flags.slice(1), (flag) => flag === "1"),
    enqueued: isPlain ? enqueue.map(({ id }) => ({ id, added: true })) : Array.from({ length: enqueued }, () => {
      const text = reader.text();
      return { id: text.slice(1), added: text.startsWith("+") };
    }),
    deliveries: reader.isAtEnd ? [] : readDeliveries(reader, token),
    recovered,
    promoted,
    ...next !== "" && { next: Number(next) },
  };
}

/** What a renewal's script has answered for these receipts. */
export function decodeRenewed(items: unknown[], receipts: string[]): Renewed {
  const reader = new Reader(items);
  const renewed: Renewed = { lost: [], revoked: [] };
  for (const receipt of receipts) {
    const marks = reader.number();
    if (marks < 0) renewed.lost.push(receipt);
    else if (marks > 0) renewed.revoked.push({ receipt, marks: readMarks(reader, marks) });
  }
  return renewed;
}

/** The messages with which a script has answered. */
export function decodeStored(items: unknown[]): Stored[] {
  return readAll(new Reader(items), (reader) => {
    const { message, state, deliveries } = readMessage(reader);
    const note = reader.text();
    return { message, state, deliveries, ...note !== "" && { note: toValue(note) } };
  });
}

/** A value as it was put: what is stored is the instant at which it expires, a tilde, and itself. */
export function toValue(stored: string): string {
  return stored.slice(stored.indexOf("~") + 1);
}

function readAll<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const all: T[] = [];
  while (!reader.isAtEnd) all.push(read(reader));
  return all;
}

function readDeliveries(reader: Reader, token: string): Delivery[] {
  const hasMarks = reader.number() === 1;
  return readAll(reader, (reader) => {
    const { message, deliveries, letter, member } = readMessage(reader);
    const isPlain = letter === "p";
    const marks = hasMarks ? readMarks(reader, reader.number()) : [];
    const parts = isPlain ? [] : Array.from({ length: reader.number() }, () => toValue(reader.text()));
    return {
      message,
      receipt: `${isPlain ? "~" : "^"}${token}.${member}`,
      // The record is not written when a message is handed out, so this time is not in it.
      deliveries: deliveries + 1,
      ...marks.length > 0 && { revoked: marks },
      ...message.parts !== undefined && { parts },
    };
  });
}

function readMarks(reader: Reader, count: number): Mark[] {
  return Array.from({ length: count }, () => ({ key: reader.text(), value: toValue(reader.text()) }));
}

function readMessage(reader: Reader): Stored & { letter: string; member: string } {
  const member = reader.text();
  const record = reader.text();
  const id = member.slice(PLACE);
  // The body of a plain message stands behind its record.
  const inline = record.startsWith("p") ? record.indexOf("\n") : -1;
  if (inline >= 0 && record.startsWith(USUAL, USUAL_FROM)) {
    const name = record.slice(USUAL_FROM + USUAL.length, inline);
    const message = { id, name, body: toBody(id, name, record.slice(inline + 1)) };
    return { message, state: "queued", deliveries: 0, letter: "p", member };
  }
  const head = inline < 0 ? record : record.slice(0, inline);
  const kept = inline < 0 ? reader.text() : record.slice(inline + 1);
  const [, letter, deliveries, eta, delay, parts, priority, name] = RECORD.exec(head)!;
  const message: Message = { id, name, body: toBody(id, name, kept) };
  if (eta !== "-") message.eta = Number(eta);
  if (delay !== "-") message.delay = Number(delay);
  if (priority !== "0") message.priority = Number(priority);
  if (parts !== "-") message.parts = Number(parts);
  return { message, state: STATES[letter], deliveries: Number(deliveries), letter, member };
}
