import { type Enqueued, REQUEST_MEMORY } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";

const RECALL = "SELECT answer FROM huey_requests WHERE queue = ? AND request = ?";
const KEEP = "INSERT INTO huey_requests (queue, request, answer, until) VALUES (?, ?, ?, ?)";

/** What a request that settles or enqueues was answered. */
export interface Answer {
  settled: boolean[];
  enqueued: Enqueued[];
}

/** The answers to requests that may be sent again. What it does belongs to the transaction of its caller. */
export class Answers {
  readonly #database: Connection;
  readonly #queue: string;

  constructor(database: Connection, queue: string) {
    this.#database = database;
    this.#queue = queue;
  }

  /** The answer that a request of this name has had, or nothing if it is new. */
  recall(request: string): Answer | undefined {
    const kept = this.#database.get<{ answer: string }>(RECALL, this.#queue, request);
    return kept && JSON.parse(kept.answer);
  }

  /** Keeps the answer to a request that was new. */
  keep(request: string, answer: Answer, now: number): void {
    this.#database.run(KEEP, this.#queue, request, JSON.stringify(answer), now + REQUEST_MEMORY);
  }
}
