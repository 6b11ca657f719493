/**
 * The one place where requests to the storage are made of what a process wants: what is to be settled, added and
 * claimed collects here while a request is in flight, so batches grow by themselves with the load (as group commit does
 * in databases), and a lone task still costs one round trip.
 *
 * @module
 */
import { describeError } from "./errors.ts";
import { log } from "./log.ts";
import { RequestsUsedUp } from "./meter.ts";
import type { Recorder } from "./recorder.ts";
import type { Enqueued, Exchange, Exchanged, Message, Settlement, Storage, Write } from "./storage.ts";
import type { Clock } from "./time.ts";

/** Somebody who takes deliveries: the workers of a consumer or of a drain. */
export interface Claimer {
  /** For how long deliveries are leased to it, in milliseconds. */
  readonly lease: number;
  /** How many deliveries it could begin with right now. Asked when a request is about to be sent. */
  wants(): number;
  /** How many deliveries it has of which it expects to end in no time. */
  readonly soon: number;
  /** Such a request is being sent. */
  asked(): void;
  /** The answer to a request that claimed `wanted` deliveries for it. */
  claimed(answer: Exchanged, wanted: number): void;
  /** The request that should have claimed for it failed. */
  failed(error: unknown): void;
}

/** What the pump needs. */
export interface PumpOptions {
  storage: Storage;
  clock: Clock;
  /** The time to pass to the storage, or `undefined` for the storage's own. */
  now: () => number | undefined;
  /** Those who have something to write along with settlements. */
  recorders: Iterable<Recorder>;
}

interface Pending<T, A> {
  item: T;
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/** At most this many messages and settlements travel in one request, so that no request grows beyond what a storage takes. */
const BATCH = 1_000;
/**
 * A request that is under way for this long is not waited for by those who come after it: where a platform ends an
 * invocation, what it awaited never comes.
 */
const ABANDONED = 30_000;
/** For so many microtasks a request waits for the next task to end that is expected to take no time. */
const LULL = 100;
/** So many settlements are worth a request of their own. */
const MUCH = 16;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;

/** Collects requests to one storage, and sends one at a time. */
export class Pump {
  readonly #options: PumpOptions;
  readonly #claimers: Claimer[] = [];
  #settling: Pending<Settlement, boolean>[] = [];
  #adding: Pending<Message[], Enqueued[]>[] = [];
  /** Those who have not been answered since somebody last asked for a request. */
  readonly #unanswered = new Set<Claimer>();
  #holders = 0;
  #sending = false;
  #sentAt = 0;
  #round = 0;
  #sent: Promise<void> = Promise.resolve();

  /** A pump that sends nothing by itself. */
  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Adds messages. Rejects if the request failed, in which case they may or may not have been added. */
  enqueue(messages: Message[]): Promise<Enqueued[]> {
    if (messages.length === 0) return Promise.resolve([]);
    if (this.#holders > 0) return Promise.reject(new RequestsUsedUp());
    return new Promise((resolve, reject) => {
      this.#adding.push({ item: messages, resolve, reject });
      this.poke();
    });
  }

  /**
   * Settles, and tells whether that was accepted. While the storage cannot be reached it goes on trying: what a task has
   * done is not given up because a connection is. Rejects only with what the storage says can never be stored.
   */
  settle(settlement: Settlement): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#settling.push({ item: settlement, resolve, reject });
      this.poke();
    });
  }

  /** From now on every request also claims for this one, as far as it wants. Gives the function that ends that. */
  attach(claimer: Claimer): () => void {
    this.#claimers.push(claimer);
    return () => {
      const at = this.#claimers.indexOf(claimer);
      if (at >= 0) this.#claimers.splice(at, 1);
      this.#unanswered.delete(claimer);
    };
  }

  /**
   * From now on nothing is sent, and settlements collect, until the function that it gives is called: then all of them
   * go in one request.
   */
  hold(): () => void {
    this.#holders++;
    return () => {
      this.#holders--;
      this.poke();
    };
  }

  /** Sends what there is to send, as soon as the current turn of the event loop has said all it wants. */
  poke(): void {
    for (const claimer of this.#claimers) this.#unanswered.add(claimer);
    const now = this.#options.clock.now();
    if (this.#sending && now - this.#sentAt < ABANDONED) return;
    this.#sending = true;
    this.#sentAt = now;
    const round = ++this.#round;
    this.#sent = Promise.resolve().then(() => this.#send(round));
  }

  /** Whether a request is under way. */
  get isSending(): boolean {
    return this.#sending;
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.#sending) await this.#sent;
  }

  async #send(round: number): Promise<void> {
    while (this.#holders === 0 && (this.#settling.length > 0 || this.#adding.length > 0 || this.#nextClaimer())) {
      this.#sentAt = this.#options.clock.now();
      await this.#lull();
      await this.#sendOne();
      if (round !== this.#round) return;
    }
    this.#sending = false;
  }

  /**
   * What ends within this turn of the event loop travels with this request, unless half of it is already there, and that
   * is much: then the other half is for the time that the request takes.
   */
  async #lull(): Promise<void> {
    for (const claimer of this.#claimers) {
      let before = claimer.soon;
      for (let ticks = 0; before > 0 && ticks < LULL; ticks++) {
        await undefined;
        const { soon } = claimer;
        if (!this.#options.storage.isEmbedded && this.#settling.length >= Math.max(MUCH, soon)) return;
        if (soon < before) ticks = 0;
        before = soon;
      }
    }
  }

  async #sendOne(): Promise<void> {
    const { storage, now } = this.#options;
    const settling = this.#settling.splice(0, BATCH);
    const adding = this.#takeAdding();
    const messages = adding.flatMap(({ item }) => item);
    const claimer = this.#nextClaimer();
    const wanted = claimer?.wants() ?? 0;
    if (claimer) this.#unanswered.delete(claimer);
    claimer?.asked();
    const writes: Write[] = [];
    // Asked only now: what comes while they answer goes with the next request, and so does what is said of it.
    if (settling.length > 0) {
      for (const recorder of this.#options.recorders) writes.push(...await recorder.take().catch(() => []));
    }

    const exchange: Exchange = {
      now: now(),
      // Where no answer can be lost it need not have a name.
      request: settling.length + messages.length > 0 && !storage.isEmbedded ? crypto.randomUUID() : undefined,
      settle: settling.map(({ item }, i) => i > 0 || writes.length === 0 ? item : along(item, writes)),
      enqueue: messages,
      claim: claimer && { limit: wanted, lease: claimer.lease },
    };
    try {
      const answer = await storage.exchange(exchange);
      settling.forEach(({ resolve }, i) => resolve(answer.settled[i]));
      let at = 0;
      for (const { item, resolve } of adding) resolve(answer.enqueued.slice(at, at += item.length));
      claimer?.claimed(answer, wanted);
    } catch (error) {
      for (const { reject } of adding) reject(error);
      claimer?.failed(error);
      if (settling.length > 0) void this.#resend(exchange.request, settling, error);
    }
  }

  /** Whole calls, up to the size of a batch; a call that is larger than that goes alone. */
  #takeAdding(): Pending<Message[], Enqueued[]>[] {
    let count = 0;
    let size = 0;
    while (count < this.#adding.length && (count === 0 || size + this.#adding[count].item.length <= BATCH)) {
      size += this.#adding[count++].item.length;
    }
    return this.#adding.splice(0, count);
  }

  /** One request claims for one of them; the others have theirs in the next. */
  #nextClaimer(): Claimer | undefined {
    for (const claimer of this.#unanswered) if (claimer.wants() > 0) return claimer;
  }

  /** Sends settlements again, under the name of the first request, since it may have been executed and only its answer lost. */
  async #resend(request: string | undefined, settling: Pending<Settlement, boolean>[], error: unknown): Promise<void> {
    const { storage, clock, now } = this.#options;
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      if (isFinal(error)) return this.#settleOneByOne(settling, error);
      if (error instanceof RequestsUsedUp) return settling.forEach(({ reject }) => reject(error));
      log("pump")?.warn("Could not settle {count} tasks, trying again in {pause} ms: {error}", {
        count: settling.length,
        pause,
        error: describeError(error),
      });
      await clock.sleep(pause);
      try {
        const answer = await storage.exchange({ now: now(), request, settle: settling.map(({ item }) => item) });
        return settling.forEach(({ resolve }, i) => resolve(answer.settled[i]));
      } catch (next) {
        error = next;
      }
    }
  }

  /** One settlement that can never be stored must not hold up the others that happened to travel with it. */
  #settleOneByOne(settling: Pending<Settlement, boolean>[], error: unknown): void {
    if (settling.length === 1) return settling[0].reject(error);
    for (const one of settling) {
      const request = crypto.randomUUID();
      this.#options.storage.exchange({ now: this.#options.now(), request, settle: [one.item] }).then(
        ({ settled }) => one.resolve(settled[0]),
        (error) => this.#resend(request, [one], error),
      );
    }
  }
}

/** A settlement that takes writes along. If it is refused they are lost, which is for their recorder to mind. */
function along(settlement: Settlement, writes: Write[]): Settlement {
  return { ...settlement, writes: [...settlement.writes ?? [], ...writes] };
}

/** A storage refuses what it can never take (a value that is too large, say) with a RangeError; all else may pass. */
function isFinal(error: unknown): boolean {
  return error instanceof RangeError;
}
