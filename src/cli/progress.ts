import process from "node:process";
import { durationText } from "./duration_text.ts";

/** Where a bar is drawn. */
export interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const WIDTH = 30;
/** More often than this nobody sees, in milliseconds. */
const PAUSE = 100;
const CLEAR = "\r\x1b[K";

/** A bar on standard error for what takes long, if somebody looks at it. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #now: () => number;
  readonly #since: number;
  #total: number;
  #done = 0;
  #drawn = -Infinity;

  constructor(
    label: string,
    total: number,
    { terminal = process.stderr as Terminal, now = () => performance.now() }: {
      terminal?: Terminal;
      now?: () => number;
    } = {},
  ) {
    this.#label = label;
    this.#total = total;
    this.#terminal = terminal;
    this.#now = now;
    this.#since = now();
  }

  /** So much more is done. */
  add(count = 1): void {
    this.#done += count;
    this.#total = Math.max(this.#total, this.#done);
    if (this.#terminal.isTTY && this.#now() - this.#drawn >= PAUSE) this.#draw();
  }

  /** Takes the bar away: what comes next says what became of it. */
  end(): void {
    if (this.#drawn > -Infinity) this.#terminal.write(CLEAR);
    this.#drawn = -Infinity;
  }

  #draw(): void {
    this.#drawn = this.#now();
    const part = this.#total > 0 ? this.#done / this.#total : 1;
    const full = Math.round(part * WIDTH);
    const left = (this.#drawn - this.#since) / this.#done * (this.#total - this.#done);
    const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
    const text = `${this.#label} ${bar} ${this.#done} of ${this.#total}, ${durationText(left)} left`;
    // A line that breaks could not be taken away.
    this.#terminal.write(`${CLEAR}${text.slice(0, (this.#terminal.columns ?? 80) - 1)}`);
  }
}
