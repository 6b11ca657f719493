import { assert, assertEquals } from "@std/assert";
import type { Delivery, Exchange, Exchanged, Join, Message, Settlement, Storage } from "../src/storage.ts";
import type { Random } from "./random.ts";

const LEASE = 10_000;
const OPERATIONS = 100;
const MOST_ATTEMPTS = 500;

/** What is known of a message whose addition was accepted. */
interface Known {
  body: string;
  unique?: string;
  /** Where it counts, if it is a part. */
  join?: Omit<Join, "value">;
  /** If it waits: how many parts it waits for, and those that were given. */
  parts?: { count: number; values: Map<number, string> };
  /** The value of the outcome that was accepted. */
  outcome?: string;
}

/**
 * A random history on a storage that fails now and then, kept beside a record of what the storage has accepted. Whoever
 * gets no answer sends the same request again, under the same name.
 */
export class StorageHistory {
  readonly #storage: Storage;
  readonly #random: Random;
  readonly #known = new Map<string, Known>();
  /** The id of the message that each receipt was for. */
  readonly #idOf = new Map<string, string>();
  #held: Delivery[] = [];
  #settled: string[] = [];
  #now = 1_800_000_000_000;
  #ids = 0;

  constructor(storage: Storage, random: Random) {
    this.#storage = storage;
    this.#random = random;
  }

  /** Plays it, and fails where the storage has lost or doubled something. `calm` ends the faults. */
  async play(calm: () => void): Promise<void> {
    for (let i = 0; i < OPERATIONS; i++) await this.#operate();
    calm();
    await this.#finishAll();
    const lost = [...this.#known].filter(([, { outcome }]) => outcome === undefined).map(([id]) => id);
    assertEquals(lost, [], "accepted, and never handed out again");
    const { queued, scheduled, waiting, running, dead } = await this.#storage.counts(this.#now);
    assertEquals({ queued, scheduled, waiting, running, dead }, {
      queued: 0,
      scheduled: 0,
      waiting: 0,
      running: 0,
      dead: 0,
    });
    const ids = [...this.#known.keys()];
    const outcomes = await this.#storage.peek("results", ids, this.#now);
    assertEquals(outcomes, ids.map((id) => this.#known.get(id)!.outcome), "the outcomes that were accepted");
  }

  async #operate(): Promise<void> {
    const random = this.#random;
    const exchange: Exchange = {};
    if (random.chance(0.4)) exchange.enqueue = this.#messages();
    if (random.chance(0.5)) exchange.settle = this.#settlements();
    if (random.chance(0.5)) exchange.claim = { limit: random.below(6), lease: LEASE };
    if (random.chance(0.2)) this.#now += random.below(LEASE);
    if (random.chance(0.1)) await this.#renew();
    await this.#exchange(exchange);
  }

  async #exchange(exchange: Exchange): Promise<void> {
    const { settle = [], enqueue = [] } = exchange;
    const answer = await this.#send({ now: this.#now, request: this.#newId(), ...exchange });
    settle.forEach((settlement, i) => {
      if (answer.settled[i]) this.#accept(settlement);
    });
    enqueue.forEach((message, i) => this.#added(message, answer.enqueued[i]));
    for (const delivery of answer.deliveries) this.#receive(delivery);
  }

  /** Again and again, until there is an answer. */
  async #send(exchange: Exchange): Promise<Exchanged> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#storage.exchange(exchange);
      } catch (error) {
        if (attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  async #renew(): Promise<void> {
    try {
      const { lost } = await this.#storage.renew(this.#held.map(({ receipt }) => receipt), LEASE, this.#now);
      this.#held = this.#held.filter(({ receipt }) => !lost.includes(receipt));
    } catch {
      // A lease that was not renewed lapses, which is what this is about.
    }
  }

  #messages(): Message[] {
    const random = this.#random;
    const alone = [...this.#known].filter(([, { outcome, join, parts }]) => outcome === undefined && !join && !parts);
    switch (random.below(6)) {
      case 0: {
        const waiting = this.#message();
        this.#ids++;
        const members = Array.from({ length: 1 + random.below(3) }, (_, index) => ({ id: `${waiting.id}.${index}` }));
        return [
          { ...waiting, parts: members.length },
          ...members.map(({ id }) => ({ ...this.#message(), id, body: `part ${id}` })),
        ];
      }
      case 1:
        return [{ ...this.#message(), unique: { key: random.pick(["a", "b", "c"]) } }];
      case 2:
        // Once more what is there: it must not be added.
        if (alone.length > 0) return [{ ...this.#message(), id: random.pick(alone)[0] }];
    }
    return Array.from({ length: 1 + random.below(3) }, () => this.#message());
  }

  #message(): Message {
    const random = this.#random;
    const id = this.#newId();
    return {
      id,
      name: "task",
      body: `~${id} ${random.next()}`,
      ...(random.chance(0.3) ? { priority: random.below(5) - 2 } : {}),
      ...(random.chance(0.2) ? { delay: random.below(5_000) } : {}),
    };
  }

  #settlements(): Settlement[] {
    const random = this.#random;
    // What was settled before must be refused.
    if (random.chance(0.1) && this.#settled.length > 0) return [{ receipt: random.pick(this.#settled) }];
    const ending = this.#held.filter(() => random.chance(0.5));
    this.#held = this.#held.filter((delivery) => !ending.includes(delivery));
    return ending.map((delivery) => {
      const { receipt, message } = delivery;
      if (random.chance(0.1)) return { receipt, release: {} };
      if (random.chance(0.2)) return { receipt, retry: { ...this.#message(), id: message.id } };
      const followers = random.chance(0.3) ? [this.#message(), this.#message()] : [];
      return { ...this.#finish(delivery), enqueue: followers };
    });
  }

  #finish({ receipt, message }: Delivery): Settlement {
    const join = this.#known.get(message.id)?.join;
    return {
      receipt,
      writes: [{ space: "results", key: message.id, value: `~${receipt}` }],
      joins: join ? [{ ...join, value: `~${receipt}` }] : [],
    };
  }

  #accept({ receipt, retry, release, enqueue = [], joins = [] }: Settlement): void {
    assert(!this.#settled.includes(receipt!), `a delivery was settled twice: ${receipt}`);
    this.#settled.push(receipt!);
    const id = this.#idOf.get(receipt!)!;
    const known = this.#known.get(id)!;
    if (release) return;
    if (retry) return void (known.body = retry.body);
    assertEquals(known.outcome, undefined, `a second outcome of ${id}`);
    known.outcome = `~${receipt}`;
    for (const follower of enqueue) this.#remember(follower);
    for (const join of joins) this.#known.get(join.id)!.parts!.values.set(join.index, join.value);
  }

  #added(message: Message, { id, added }: { id: string; added: boolean }): void {
    const holder = [...this.#known].find(([, { unique, outcome }]) =>
      unique !== undefined && unique === message.unique?.key && outcome === undefined
    );
    const there = this.#known.get(message.id)?.outcome === undefined && this.#known.has(message.id);
    const expected = there ? message.id : holder?.[0];
    assertEquals({ id, added }, { id: expected ?? message.id, added: expected === undefined });
    if (added) this.#remember(message);
  }

  #remember({ id, body, unique, parts }: Message): void {
    const [waiting, index] = id.split(".");
    this.#known.set(id, {
      body,
      unique: unique?.key,
      join: index === undefined ? undefined : { id: waiting, index: Number(index) },
      parts: parts === undefined ? undefined : { count: parts, values: new Map() },
    });
  }

  #receive(delivery: Delivery): void {
    const { message, receipt, parts } = delivery;
    const known = this.#known.get(message.id);
    assert(known, `handed out, but never accepted: ${message.id}`);
    assertEquals(known.outcome, undefined, `handed out after its end: ${message.id}`);
    assertEquals(message.body, known.body, "the body that was accepted last");
    assert(!this.#idOf.has(receipt), `a receipt was used twice: ${receipt}`);
    if (known.parts) {
      const expected = Array.from({ length: known.parts.count }, (_, index) => known.parts!.values.get(index)!);
      assertEquals(parts, expected, `the parts of ${message.id}`);
    }
    this.#idOf.set(receipt, message.id);
    this.#held.push(delivery);
  }

  async #finishAll(): Promise<void> {
    for (let empty = 0; empty < 2;) {
      const settle = this.#held.map((delivery) => this.#finish(delivery));
      this.#held = [];
      await this.#exchange({ settle, claim: { limit: 100, lease: LEASE } });
      if (this.#held.length > 0) empty = 0;
      else empty++, this.#now += LEASE;
    }
  }

  #newId(): string {
    return `m${this.#ids++}`;
  }
}
