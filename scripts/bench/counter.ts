/**
 * Counts what a server is asked: requests as they arrive, and commands from `INFO commandstats`, those in scripts
 * included.
 *
 * @module
 */
import { RespClient, Status } from "../../tests/resp_client.ts";
import type { Place } from "./contender.ts";

/** What has been asked so far. */
export interface Cost {
  /** Of Upstash: HTTP requests. Otherwise: commands that a client has sent. */
  requests: number;
  /** All commands that were executed, those of clients and those in scripts. */
  commands: number;
}

/**
 * What is not counted: it is the counter's own; or, as `command`, the REST server's, which looks at what scripts call; or
 * a client's way of saying hello.
 */
const OWN = /^(info|echo|monitor|command|client|hello|auth|select)$/;

/** Where the bench's REST server tells how many requests have come. */
export const REQUESTS_PATH = "/bench/requests";

/** Counts on one server. */
export class Counter {
  readonly #place: Place;
  readonly #asking: RespClient;
  readonly #watching: RespClient;
  readonly #begun: Promise<unknown>;
  #seen = 0;
  #onMark: () => void = () => {};

  /** Begins to count. */
  constructor(place: Place) {
    this.#place = place;
    this.#asking = new RespClient(place);
    this.#watching = new RespClient(place);
    this.#watching.onPush = (line) => this.#see(line instanceof Status ? line.text : "");
    this.#begun = this.#watching.send(["MONITOR"]);
  }

  /** What was asked until now. */
  async read(): Promise<Cost> {
    await this.#begun;
    const marked = new Promise<void>((resolve) => this.#onMark = resolve);
    await this.#asking.send(["ECHO", "mark"]);
    await marked;
    const { storage, url } = this.#place;
    const requests = storage === "upstash" ? Number(await (await fetch(url + REQUESTS_PATH)).text()) : this.#seen;
    return { requests, commands: await this.#commands() };
  }

  /** What something costs. */
  async costOf(something: () => Promise<unknown>): Promise<Cost> {
    const before = await this.read();
    await something();
    const after = await this.read();
    return { requests: after.requests - before.requests, commands: after.commands - before.commands };
  }

  /** Counts no more. */
  close(): void {
    this.#asking.close();
    this.#watching.close();
  }

  #see(line: string): void {
    const [, source, command] = /^\S+ \[\d+ (\S+)\] "(\w+)"/.exec(line) ?? [];
    if (command?.toLowerCase() === "echo") this.#onMark();
    else if (source !== "lua" && !OWN.test(command?.toLowerCase())) this.#seen++;
  }

  async #commands(): Promise<number> {
    const info = new TextDecoder().decode(await this.#asking.send(["INFO", "commandstats"]) as Uint8Array);
    return [...info.matchAll(/^cmdstat_(\w+)\S*?:calls=(\d+)/gm)]
      .filter(([, name]) => !OWN.test(name))
      .reduce((sum, [, , calls]) => sum + Number(calls), 0);
  }
}
