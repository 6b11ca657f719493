/** The statements that work on messages. */
import type { State } from "../src/storage.ts";
import { COLUMNS, FIRST_COLUMNS, inRows } from "./sqlite_rows.ts";

// Not a bare placeholder, for which SQLite would plan the statement anew whenever another number is bound.
const LIMIT = "LIMIT ? + 0";

// Higher than every other, across all names: one look at the end of the table.
const BACK = "(SELECT ifnull(max(seq), 0) + 1 FROM huey_messages)";

export const BY_ID = `SELECT ${COLUMNS} FROM huey_messages WHERE queue = ? AND id = ?`;
export const BY_RECEIPT = `SELECT ${COLUMNS} FROM huey_messages WHERE seq = ? AND queue = ? AND token = ?`;
export const FINISH =
  `DELETE FROM huey_messages WHERE seq = ? AND queue = ? AND token = ? RETURNING id, parts, unique_key`;
// The plus keeps SQLite from looking through all messages of the queue for them.
export const FINISH_ALL =
  `DELETE FROM huey_messages WHERE seq IN (SELECT value FROM json_each(?)) AND +queue = ? AND token = ?
  RETURNING seq`;
export const REMOVE = "DELETE FROM huey_messages WHERE seq = ?";
export const ADDS = inRows((rows) =>
  `INSERT INTO huey_messages (queue, id, name, body, state, eta, delay, priority, parts, missing, unique_key)
  VALUES ${rows("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")} ON CONFLICT (queue, id) DO NOTHING`
);
export const LAST = "SELECT ifnull(max(seq), 0) AS seq FROM huey_messages";
export const UNDO = "DELETE FROM huey_messages WHERE seq > ?";
export const LINE =
  `UPDATE huey_messages SET seq = ${BACK}, name = ?, body = ?, state = ?, eta = ?, delay = ?, priority = ?,
  deliveries = ?, token = NULL, note = NULL WHERE seq = ?`;
export const STAY = `UPDATE huey_messages SET body = ?, state = ?, eta = ?, delay = ?, deliveries = ?, token = NULL
  WHERE seq = ?`;
export const BURY = `UPDATE huey_messages SET seq = ${BACK}, state = 'dead', note = ?, token = NULL WHERE seq = ?`;

export const ADD_PART = "INSERT OR IGNORE INTO huey_parts (queue, id, place, value) VALUES (?, ?, ?, ?)";
export const COUNT_PART = "UPDATE huey_messages SET missing = missing - 1 WHERE seq = ? RETURNING missing";
export const PARTS = "SELECT value FROM huey_parts WHERE queue = ? AND id = ? ORDER BY place";
export const REMOVE_PARTS = "DELETE FROM huey_parts WHERE queue = ? AND id = ?";

export const AHEAD = `SELECT
  EXISTS (SELECT 1 FROM huey_messages WHERE queue = ? AND state = 'queued') AS queued,
  EXISTS (SELECT 1 FROM huey_values WHERE queue = ? AND space = 'revoked') AS marked,
  (SELECT eta FROM huey_messages WHERE queue = ? AND state = 'scheduled' ORDER BY eta LIMIT 1) AS eta,
  (SELECT lapses FROM huey_messages WHERE queue = ? AND state = 'running' ORDER BY lapses LIMIT 1) AS lapses`;
export const PROMOTE = `UPDATE huey_messages SET state = 'queued', seq = due.back FROM (
    SELECT seq AS was, ${BACK} - 1 + row_number() OVER (ORDER BY eta, seq) AS back FROM (
      SELECT seq, eta FROM huey_messages WHERE queue = ? AND state = 'scheduled' AND eta <= ?
      ORDER BY eta, seq ${LIMIT}
    )
  ) AS due WHERE seq = due.was`;
export const RECOVER = `UPDATE huey_messages SET state = 'queued' FROM (
    SELECT seq AS lapsed FROM huey_messages WHERE queue = ? AND state = 'running' AND lapses <= ?
    ORDER BY lapses, seq ${LIMIT}
  ) WHERE seq = lapsed`;
export const HAND_OUT = `UPDATE huey_messages SET state = 'running', deliveries = deliveries + 1, token = ?, lapses = ?
  WHERE seq IN (
    SELECT seq FROM huey_messages WHERE queue = ? AND state = 'queued' ORDER BY priority DESC, seq ${LIMIT}
  ) RETURNING ${FIRST_COLUMNS}`;
export const LEND = `UPDATE huey_messages SET state = 'running', lapses = ? WHERE seq = ? AND queue = ? AND token = ?
  RETURNING id, name`;

// The state is written out in each, since a partial index is not considered for a parameter.
const ORDERS: Record<State, string> = {
  queued: "priority DESC, seq",
  scheduled: "eta, seq",
  waiting: "seq",
  running: "lapses, seq",
  dead: "seq DESC",
};
export const LISTS = perState((state) =>
  `SELECT ${COLUMNS} FROM huey_messages WHERE queue = ? AND state = '${state}' ORDER BY ${ORDERS[state]} ${LIMIT}`
);
export const COUNTS = perState((state) =>
  `SELECT count(*) AS count FROM huey_messages WHERE queue = ? AND state = '${state}'`
);
export const CLEAR_PARTS = perState((state) =>
  `DELETE FROM huey_parts WHERE queue = ? AND id IN (
    SELECT id FROM huey_messages WHERE queue = ? AND state = '${state}' AND parts IS NOT NULL)`
);
export const CLEARS = perState((state) => `DELETE FROM huey_messages WHERE queue = ? AND state = '${state}'`);

function perState(sql: (state: State) => string): Record<State, string> {
  const states: State[] = ["queued", "scheduled", "waiting", "running", "dead"];
  return Object.fromEntries(states.map((state) => [state, sql(state)])) as Record<State, string>;
}
