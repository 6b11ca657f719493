/**
 * Recorder: keeps a history. It is told how each delivery ends before that is settled, and what it has to write goes in
 * the request that settles, so that a history costs no requests of its own.
 *
 * @module
 */
import type { Signal } from "./signals.ts";
import type { Write } from "./storage.ts";
import type { Task } from "./task.ts";

/** How a delivery is about to end. */
export interface End {
  /** What becomes of it, in the words of a drain's report. */
  settled: "complete" | "failed" | "retried" | "stopped" | "waiting" | "slot" | "released" | "lost";
  /** The signals that are sent once it is settled. */
  signals: readonly { signal: Signal; task: Task; error?: unknown }[];
}

/** Keeps a history. */
export interface Recorder {
  /** Told before a delivery is settled. Gives what takes it back: called when the settlement is refused. */
  ending(task: Task, end: End): () => void;
  /** What to write together with the settlements that are about to be sent; nothing if it rejects. */
  take(): Promise<Write[]>;
}
