import type { Message, State, Stored } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";
import type { SqliteValue } from "./sqlite_database.ts";

/** The columns of a {@linkcode Row}. */
export const COLUMNS = "seq, id, name, body, state, eta, delay, priority, parts, unique_key, deliveries, note";

/** The columns of a {@linkcode FirstRow}. */
export const FIRST_COLUMNS = "seq, id, name, body, eta, priority, parts, unique_key, deliveries";

/**
 * The states by the numbers they have in the table. Those that touch one another when a task ends and the next is handed
 * out are neighbours.
 */
export const RANKS = { ended: 0, running: 1, queued: 2, scheduled: 3, waiting: 4, dead: 5 } as const satisfies
  & Record<State, number>
  & Record<"ended", number>;

/** One of {@linkcode RANKS}. */
export type Rank = typeof RANKS[keyof typeof RANKS];

/** A task in its table. One that has `ended` is no message any more: it has an outcome, and nothing else that counts. */
export interface Row {
  seq: number;
  id: string;
  name: string;
  body: string;
  state: Rank;
  eta: number | null;
  delay: number | null;
  priority: number;
  parts: number | null;
  unique_key: string | null;
  deliveries: number;
  note: string | null;
}

const STATES = Object.keys(RANKS) as State[];

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
  return { message: toMessage(row), state: STATES[state], deliveries, ...note !== null && { note } };
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
  eachStatement(statements, width, values, (sql, some) => changed += database.run(sql, ...some));
  return changed;
}

/** Hands rows of so many values to statements of {@linkcode inRows}, as many as each of them takes. */
export function eachStatement(
  statements: readonly string[],
  width: number,
  values: SqliteValue[],
  use: (sql: string, values: SqliteValue[]) => void,
): void {
  let at = 0;
  for (const [i, size] of SIZES.entries()) {
    for (const step = size * width; at + step <= values.length; at += step) {
      use(statements[i], step === values.length ? values : values.slice(at, at + step));
    }
  }
}
