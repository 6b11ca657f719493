import type { Order, Report } from "./words.ts";

/** A thread or process, as its supervisor has it. */
export interface Channel {
  /** What it is called in the log: a pid, or the number of a thread. */
  readonly name: string;
  /** Resolves once it is gone and all it has said was heard: with how it ended, as `code 1` or `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Says something to it, in vain if it is gone. */
  send(order: Order): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/** Starts one. */
export type OpenChannel = (onReport: (report: Report) => void) => Channel;
