/** The statements that work on messages. */
import type { State } from "../src/storage.ts";
import { COLUMNS, FIRST_COLUMNS, inRows, RANKS } from "./sqlite_rows.ts";

// Not a bare placeholder, for which SQLite would plan the statement anew whenever another number is bound.
const LIMIT = "LIMIT ? + 0";

// Higher than every other, across all names: one look at the end of the table.
const BACK = "(SELECT ifnull(max(seq), 0) + 1 FROM huey_tasks)";

// What is left of a task that has ended is its outcome.
const ENDED = `state = ${RANKS.ended}, token = NULL, name = NULL, body = NULL`;

/** The row of an id, whatever is in it. */
export const BY_ID = `SELECT ${COLUMNS} FROM huey_tasks WHERE queue = ? AND id = ?`;
export const BY_RECEIPT = `SELECT ${COLUMNS} FROM huey_tasks WHERE seq = ? AND queue = ? AND token = ?`;
export const FINISH =
  `DELETE FROM huey_tasks WHERE seq = ? AND queue = ? AND token = ? AND outcome IS NULL RETURNING id, parts, unique_key`;
/** What has an outcome keeps it. */
export const FINISH_KEPT = `UPDATE huey_tasks SET ${ENDED}, place = until WHERE seq = ? AND queue = ? AND token = ?
  RETURNING id, parts, unique_key`;
export const FINISH_WITH = `UPDATE huey_tasks SET ${ENDED}, place = ?, until = ?, outcome = ?
  WHERE seq = ? AND queue = ? AND token = ? AND id = ?`;
export const FINISH_WITH_PARTS = `${FINISH_WITH} RETURNING id, parts, unique_key`;
export const FINISH_ALL = inRows((rows) =>
  `WITH ends (seq, token, id, outcome, until) AS (VALUES ${rows("(?, ?, ?, ?, ?)")})
  UPDATE huey_tasks SET ${ENDED}, place = ends.until, until = ends.until, outcome = ends.outcome FROM ends
  WHERE huey_tasks.seq = ends.seq AND huey_tasks.token = ends.token AND huey_tasks.id = ends.id AND +queue = ?
  RETURNING huey_tasks.id`
);
export const REMOVE = "DELETE FROM huey_tasks WHERE seq = ? AND outcome IS NULL";
export const REMOVE_KEPT = `UPDATE huey_tasks SET ${ENDED}, place = until WHERE seq = ?`;

const NEW = "id, name, body, state, place, eta, delay, priority, parts, missing, unique_key";
const CONFLICT = "ON CONFLICT (queue, id) DO NOTHING";
/** Those that are queued at once, and have nothing but their bodies: the fewer values are bound, the faster. */
export const ADDS_PLAIN = inRows((rows) =>
  `INSERT INTO huey_tasks (queue, id, name, body, state, place)
  VALUES ${rows(`(?, ?, ?, ?, ${RANKS.queued}, 0)`)} ${CONFLICT}`
);
export const ADDS = inRows((rows) =>
  `INSERT INTO huey_tasks (queue, ${NEW}) VALUES ${rows("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")} ${CONFLICT}`
);
/** Puts a message in the place of one that has ended. */
export const REPLACE = `UPDATE huey_tasks SET seq = ${BACK}, (${NEW}) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),
  deliveries = 0, token = NULL, note = NULL WHERE seq = ?`;
export const LAST = "SELECT ifnull(max(seq), 0) AS seq FROM huey_tasks";
export const UNDO = "DELETE FROM huey_tasks WHERE seq > ?";
export const LINE = `UPDATE huey_tasks SET seq = ${BACK}, name = ?, body = ?, state = ?, place = ?, eta = ?, delay = ?,
  priority = ?, deliveries = ?, token = NULL, note = NULL WHERE seq = ?`;
export const STAY =
  `UPDATE huey_tasks SET body = ?, state = ?, place = ?, eta = ?, delay = ?, deliveries = ?, token = NULL
  WHERE seq = ?`;
export const BURY =
  `UPDATE huey_tasks SET seq = ${BACK}, state = ${RANKS.dead}, place = NULL, note = ?, token = NULL WHERE seq = ?`;

export const ADD_PART = "INSERT OR IGNORE INTO huey_parts (queue, id, place, value) VALUES (?, ?, ?, ?)";
export const COUNT_PART = "UPDATE huey_tasks SET missing = missing - 1 WHERE seq = ? RETURNING missing";
export const PARTS = "SELECT value FROM huey_parts WHERE queue = ? AND id = ? ORDER BY place";
export const REMOVE_PARTS = "DELETE FROM huey_parts WHERE queue = ? AND id = ?";

const first = (rank: number): string =>
  `(SELECT place FROM huey_tasks WHERE queue = ? AND state = ${rank} ORDER BY place LIMIT 1)`;
export const AHEAD = `SELECT
  EXISTS (SELECT 1 FROM huey_tasks WHERE queue = ? AND state = ${RANKS.queued}) AS queued,
  EXISTS (SELECT 1 FROM huey_values WHERE queue = ? AND space = 'revoked') AS marked,
  ${first(RANKS.scheduled)} AS eta, ${first(RANKS.running)} AS lapses`;
export const PROMOTE = `UPDATE huey_tasks SET state = ${RANKS.queued}, place = -priority, seq = due.back FROM (
    SELECT seq AS was, ${BACK} - 1 + row_number() OVER (ORDER BY place, seq) AS back FROM (
      SELECT seq, place FROM huey_tasks WHERE queue = ? AND state = ${RANKS.scheduled} AND place <= ?
      ORDER BY place, seq ${LIMIT}
    )
  ) AS due WHERE seq = due.was`;
export const RECOVER = `UPDATE huey_tasks SET state = ${RANKS.queued}, place = -priority FROM (
    SELECT seq AS lapsed FROM huey_tasks WHERE queue = ? AND state = ${RANKS.running} AND place <= ?
    ORDER BY place, seq ${LIMIT}
  ) WHERE seq = lapsed`;
export const HAND_OUT =
  `UPDATE huey_tasks SET state = ${RANKS.running}, place = ?, deliveries = deliveries + 1, token = ?
  WHERE seq IN (
    SELECT seq FROM huey_tasks WHERE queue = ? AND state = ${RANKS.queued} ORDER BY place, seq ${LIMIT}
  ) RETURNING ${FIRST_COLUMNS}`;
export const LEND = `UPDATE huey_tasks SET state = ${RANKS.running}, place = ? WHERE seq = ? AND queue = ? AND token = ?
  RETURNING id, name`;

const ORDERS: Partial<Record<State, string>> = { waiting: "seq", dead: "seq DESC" };
export const LISTS = perState((state, where) =>
  `SELECT ${COLUMNS} FROM huey_tasks WHERE ${where} ${
    // Of those that have no place, which lets the index give them in their order.
    state in ORDERS ? `AND place IS NULL ORDER BY ${ORDERS[state]}` : "ORDER BY place, seq"} ${LIMIT} OFFSET ?`
);
export const COUNTS = perState((_, where) => `SELECT count(*) AS count FROM huey_tasks WHERE ${where}`);
export const CLEAR_PARTS = perState((_, where) =>
  `DELETE FROM huey_parts WHERE queue = ? AND id IN (SELECT id FROM huey_tasks WHERE ${where} AND parts IS NOT NULL)`
);
export const CLEARS = perState((_, where) => `DELETE FROM huey_tasks WHERE ${where} AND outcome IS NULL`);
export const CLEARS_KEPT = perState((_, where) => `UPDATE huey_tasks SET ${ENDED}, place = until WHERE ${where}`);

function perState(sql: (state: State, where: string) => string): Record<State, string> {
  const states: State[] = ["queued", "scheduled", "waiting", "running", "dead"];
  return Object.fromEntries(
    states.map((state) => [state, sql(state, `queue = ? AND state = ${RANKS[state]}`)]),
  ) as Record<State, string>;
}
