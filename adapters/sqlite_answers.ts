import { type Enqueued, REQUEST_MEMORY } from "../src/storage.ts";
import type { Connection } from "./sqlite_connection.ts";

const BEGIN = "INSERT OR IGNORE INTO huey_requests (queue, request, answer, until) VALUES (?, ?, '', ?)";
const RECALL = "SELECT answer FROM huey_requests WHERE queue = ? AND request = ?";
const AMEND = "UPDATE huey_requests SET answer = ? WHERE queue = ? AND request = ?";

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

  /**
   * The answer that a request of this name has had, or nothing if it is new: then it is remembered that `usual` is its
   * answer, the one of a request to which nothing was refused, for which no more than a name has to be kept.
   */
  recall(request: string, usual: Answer, now: number): Answer | undefined {
    if (this.#database.run(BEGIN, this.#queue, request, now + REQUEST_MEMORY) > 0) return undefined;
    const { answer } = this.#database.get<{ answer: string }>(RECALL, this.#queue, request)!;
    return answer === "" ? usual : JSON.parse(answer);
  }

  /** The answer of a request that was new is another one. */
  amend(request: string, answer: Answer): void {
    this.#database.run(AMEND, JSON.stringify(answer), this.#queue, request);
  }
}
