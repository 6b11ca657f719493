import type { Delivery, Exchanged, Mark, Message, Renewed, State, Stored } from "../src/storage.ts";
import { LETTERS } from "./redis_request.ts";

const STATES = Object.fromEntries(Object.entries(LETTERS).map(([state, letter]) => [letter, state as State]));

/** How wide the place in line is with which a member of a sorted set begins. */
const PLACE = 16;

const RECORD = /^(\w) \d+ (\d+) (\S+) (\S+) (\S+) (\S+) (\S+) \S (.*)$/s;

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

/** What an exchange's script has answered. */
export function decodeExchange(items: unknown[]): Exchanged {
  const reader = new Reader(items);
  const [now, promoted, recovered] = [reader.number(), reader.number(), reader.number()];
  const next = reader.text();
  const enqueued = reader.number() - 1;
  return {
    now,
    settled: Array.from(reader.text().slice(1), (flag) => flag === "1"),
    enqueued: Array.from({ length: enqueued }, () => {
      const text = reader.text();
      return { id: text.slice(1), added: text.startsWith("+") };
    }),
    deliveries: readAll(reader, readDelivery),
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

function readDelivery(reader: Reader): Delivery {
  const { message, deliveries, token } = readMessage(reader);
  const marks = readMarks(reader, reader.number());
  const parts = Array.from({ length: reader.number() }, () => toValue(reader.text()));
  return {
    message,
    receipt: `${token}.${message.id}`,
    deliveries,
    ...marks.length > 0 && { revoked: marks },
    ...message.parts !== undefined && { parts },
  };
}

function readMarks(reader: Reader, count: number): Mark[] {
  return Array.from({ length: count }, () => ({ key: reader.text(), value: toValue(reader.text()) }));
}

function readMessage(reader: Reader): Stored & { token: string } {
  const id = reader.text().slice(PLACE);
  const [, letter, deliveries, token, eta, delay, parts, priority, name] = RECORD.exec(reader.text())!;
  const message: Message = {
    id,
    name,
    body: toValue(reader.text()),
    ...eta !== "-" && { eta: Number(eta) },
    ...delay !== "-" && { delay: Number(delay) },
    ...priority !== "0" && { priority: Number(priority) },
    ...parts !== "-" && { parts: Number(parts) },
  };
  return { message, state: STATES[letter], deliveries: Number(deliveries), token };
}
