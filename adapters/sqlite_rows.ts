import type { Message, State, Stored } from "../src/storage.ts";

/** The columns of a {@linkcode Row}. */
export const COLUMNS = "seq, id, name, body, state, eta, delay, priority, parts, unique_key, deliveries, note";

/** The columns of a {@linkcode FirstRow}. */
export const FIRST_COLUMNS = "seq, id, name, body, eta, priority, parts, deliveries";

/** A message in its table. */
export interface Row {
  seq: number;
  id: string;
  name: string;
  body: string;
  state: State;
  eta: number | null;
  delay: number | null;
  priority: number;
  parts: number | null;
  unique_key: string | null;
  deliveries: number;
  note: string | null;
}

/** What of it a message that is handed out can have: the fewer columns, the faster. */
export type FirstRow = Pick<Row, "seq" | "id" | "name" | "body" | "eta" | "priority" | "parts" | "deliveries">;

/** The message of a row. */
export function toMessage(
  { id, name, body, eta, delay, priority, parts }: FirstRow & { delay?: number | null },
): Message {
  return {
    id,
    name,
    body,
    ...eta !== null && { eta },
    ...delay != null && { delay },
    ...priority !== 0 && { priority },
    ...parts !== null && { parts },
  };
}

/** The message of a row, and where it is. */
export function toStored(row: Row): Stored {
  const { state, deliveries, note } = row;
  return { message: toMessage(row), state, deliveries, ...note !== null && { note } };
}
