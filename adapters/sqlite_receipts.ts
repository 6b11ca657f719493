import type { FirstRow } from "./sqlite_rows.ts";

/** Stands in the receipt of a message that has neither a unique key nor parts: with its row all of it is gone. */
const BARE = "-";

/** A receipt, taken apart. */
export interface ReadReceipt {
  /** The row. */
  seq: number;
  /** The hand-out: a row's number may come again, a token does not. */
  token: string;
  /** Whether the message has neither a unique key nor parts. */
  isBare: boolean;
}

/** Names the hand-out of a message. */
export function toReceipt({ seq, parts, unique_key }: FirstRow, token: string): string {
  return `${seq}${parts === null && unique_key === null ? BARE : "."}${token}`;
}

/** Of a receipt that is none it gives one that nothing has. */
export function readReceipt(receipt: string): ReadReceipt {
  const [, seq, kind, token] = /^(\d+)([.-])(.+)$/.exec(receipt) ?? [, "-1", ".", ""];
  return { seq: Number(seq), token, isBare: kind === BARE };
}
