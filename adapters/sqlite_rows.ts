import type { Message, State, Stored } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import type { SqliteValue } from "./sqlite_database.ts";

/** The columns of a {@linkcode Row}. */
export const COLUMNS = "seq, id, name, body, state, eta, delay, priority, parts, unique_key, deliveries, note";

/** The columns of a {@linkcode FirstRow}. */
export const FIRST_COLUMNS = "seq, id, name, body, eta, priority, parts, unique_key, deliveries";

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
export type FirstRow = Pick<
  Row,
  "seq" | "id" | "name" | "body" | "eta" | "priority" | "parts" | "unique_key" | "deliveries"
>;

/** The message of a row. */
export function toMessage(
  { id, name, body, eta, delay, priority, parts }: Omit<FirstRow, "unique_key"> & { delay?: number | null },
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

/** How many rows one statement writes: what it costs to begin one is more than what a row costs. */
const SIZES = [32, 8, 1];

/** One statement for each number of rows; \`rows\` repeats the placeholders of one row. */
export function inRows(sql: (rows: (row: string) => string) => string): readonly string[] {
  return SIZES.map((size) => sql((row) => Array(size).fill(row).join(", ")));
}

/** Writes rows of so many values by statements of {@linkcode inRows}; gives how many were changed. */
export function writeRows(
  database: Connection,
  statements: readonly string[],
  width: number,
  values: SqliteValue[],
): number {
  let changed = 0;
  let at = 0;
  for (const [i, size] of SIZES.entries()) {
    for (const step = size * width; at + step <= values.length; at += step) {
      changed += database.run(statements[i], ...values.slice(at, at + step));
    }
  }
  return changed;
}
