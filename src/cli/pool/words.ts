/** What a supervisor and its workers say to each other. All of it is plain data, which JSON and structured clones keep. */
import type { Hold } from "../../holds.ts";
import type { Revoked } from "../../revoke.ts";
import type { Settled } from "../../settle.ts";
import type { Delivery, Settlement, Write } from "../../storage.ts";
import type { CanceledStatus } from "../../errors.ts";
import type { LogOptions } from "../log.ts";

/** What a worker is to be; the first word to it. */
export interface Birth {
  say: "start";
  /** As the log calls it, from 1. */
  number: number;
  /** URLs. */
  modules: string[];
  /** The name of the instance. */
  queue: string;
  /** How the command line logs; absent: the application sees to its log by itself. */
  log?: WorkerLog;
}

/** How a worker logs. */
export interface WorkerLog {
  options: LogOptions;
  /** How wide the supervisor's terminal is, if it has one. */
  columns?: number;
  /** Whether the supervisor writes the lines. A thread of Node loses those that it writes last. */
  isSent: boolean;
}

/** Why a task in a worker's hands is to be ended. */
export type Reason =
  | { kind: "timeout" | "interrupted" | "lost"; message: string }
  | { kind: "canceled"; status: CanceledStatus };

/** From the supervisor to a worker. */
export type Order =
  | Birth
  | { say: "run"; delivery: Delivery }
  | { say: "abort"; receipt: string; reason: Reason; revoked: Pick<Revoked, "writes" | "moved"> }
  /** What became of the settlement. */
  | { say: "settled"; receipt: string; accepted: boolean }
  | { say: "ping" }
  /** Nothing is in its hands: it runs its hooks and says `stopped`. */
  | { say: "stop" };

/** How a delivery has ended. */
export interface WorkerEnd {
  settled: Settled;
  settlement: Settlement;
  /** What recorders want to have written. It must be no reason for the storage to refuse the settlement. */
  along: Write[];
}

/** From a worker to the supervisor. */
export type Report =
  | { say: "ready" }
  /** The modules cannot be used. */
  | { say: "unusable"; message: string }
  /** It has the delivery, and looks at it. */
  | { say: "taken"; receipt: string }
  /** The function is about to be begun. What it holds is renewed with the lease. */
  | { say: "begun"; receipt: string; timeout: number; holds: Hold[] }
  /** How a delivery ended; without a settlement nothing is to be said to the storage. */
  | { say: "ended"; receipt: string; end?: WorkerEnd; memory: number }
  | { say: "pong"; memory: number }
  | { say: "log"; line: string }
  | { say: "stopped" };
