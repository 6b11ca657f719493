/**
 * The one place where requests to the storage are made of what a process wants: what is to be settled, added and
 * claimed collects here while a request is in flight, so batches grow by themselves with the load (as group commit does
 * in databases), and a lone task still costs one round trip.
 *
 * @module
 */
import { RequestsUsedUp } from "./meter.ts";
import type { Recorder } from "./recorder.ts";
import { type Pending, resend, type ResendOptions } from "./resend.ts";
import type { Enqueued, Exchange, Exchanged, Message, Settlement, Write } from "./storage.ts";

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
  /** The answer to a request that claimed `wanted` deliveries for it, and took so many milliseconds. */
  claimed(answer: Exchanged, wanted: number, took: number): void;
  /** The request that should have claimed for it failed. */
  failed(error: unknown): void;
}

/** What the pump needs. */
export interface PumpOptions extends ResendOptions {
  /** Those who have something to write along with settlements. */
  recorders: Iterable<Recorder>;
}

/** At most this many messages and settlements travel in one request, so that no request grows beyond what a storage takes. */
const BATCH = 1_000;
/** So many messages gain nothing by waiting until a request can take more along. */
const FULL = 500;
/**
 * A request that is under way for this long is not waited for by those who come after it: where a platform ends an
 * invocation, what it awaited never comes.
 */
const ABANDONED = 30_000;
/** For so many microtasks a request waits for the next task to end that is expected to take no time. */
const LULL = 100;
/** So many settlements are worth a request of their own. */
const MUCH = 16;

/** Collects requests to one storage, and sends one at a time; where they keep their order, up to two. */
export class Pump {
  readonly #options: PumpOptions;
  readonly #claimers: Claimer[] = [];
  #settling: Pending<Settlement, boolean>[] = [];
  #adding: Pending<Message[], Enqueued[]>[] = [];
  /** Those who have not been answered since somebody last asked for a request. */
  readonly #unanswered = new Set<Claimer>();
  /** How much they want in the requests that are under way. */
  #wanted = new WeakMap<Claimer, number>();
  #onMuch: () => void = () => {};
  /** Requests beside the one that is sent at a time. */
  readonly #beside = new Set<Promise<void>>();
  /** How many messages are to be added: counted, since each call asks. */
  #toAdd = 0;
  #holders = 0;
  #sending = false;
  /** What the next request takes along is taken, and it is not yet sent. */
  #isPreparing = false;
  #sentAt = 0;
  #round = 0;
  #sent: Promise<void> = Promise.resolve();

  /** A pump that sends nothing by itself. */
  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /**
   * Adds messages. Rejects if a request failed, in which case they may or may not have been added. Where requests keep
   * their order, many go in several, so that the storage adds the first while the others are written; but not those of a
   * chord, which come together or not at all.
   */
  enqueue(messages: Message[]): Promise<Enqueued[]> {
    if (messages.length === 0) return Promise.resolve([]);
    if (this.#holders > 0) return Promise.reject(new RequestsUsedUp());
    const isWhole = messages.length <= FULL || !this.#options.storage.isOrdered ||
      messages.some(({ parts }) => parts !== undefined);
    return isWhole ? this.#add(messages) : this.#addInPieces(messages);
  }

  async #addInPieces(messages: Message[]): Promise<Enqueued[]> {
    const adding: Promise<Enqueued[]>[] = [];
    for (let from = 0; from < messages.length; from += FULL) adding.push(this.#add(messages.slice(from, from + FULL)));
    return (await Promise.all(adding)).flat();
  }

  #add(messages: Message[]): Promise<Enqueued[]> {
    return new Promise((resolve, reject) => {
      this.#adding.push({ item: messages, resolve, reject });
      this.#toAdd += messages.length;
      if (this.#toAdd < FULL || this.#isPreparing || !this.#options.storage.isOrdered) return this.poke();
      const sent = this.#sendBeside();
      this.#beside.add(sent);
      void sent.then(() => this.#beside.delete(sent));
      // A chord is too large to go with what was there before it.
      if (this.#adding.length > 0) this.poke();
    });
  }

  /**
   * Settles, and tells whether that was accepted. While the storage cannot be reached it goes on trying: what a task has
   * done is not given up because a connection is. Rejects only with what the storage says can never be stored.
   */
  settle(settlement: Settlement): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#settling.push({ item: settlement, resolve, reject });
      if (this.#settling.length === MUCH) this.#onMuch();
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
    if (this.#sending) this.#wanted = new WeakMap();
    this.#sending = true;
    this.#sentAt = now;
    const round = ++this.#round;
    this.#sent = Promise.resolve().then(() => this.#send(round));
  }

  /** Whether a request is under way. */
  get isSending(): boolean {
    return this.#sending || this.#beside.size > 0;
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    while (this.isSending) await Promise.all([this.#sent, ...this.#beside]);
  }

  async #send(round: number): Promise<void> {
    let last: Promise<void> | undefined;
    while (round === this.#round) {
      if (this.#holders > 0 || this.#settling.length + this.#adding.length === 0 && !this.#nextClaimer()) {
        if (!last) return void (this.#sending = false);
        await last;
        last = undefined;
        continue;
      }
      this.#sentAt = this.#options.clock.now();
      await this.#lull();
      const sent = this.#sendOne();
      await last;
      last = sent;
      // So that a storage need not stand idle while tasks end, a second request goes before the first is answered.
      const isBusy = this.#options.storage.isOrdered && this.#claimers.some(({ soon }) => soon > 0);
      await (isBusy ? Promise.race([sent, this.#much()]) : sent);
    }
  }

  /** Resolves when there is much to settle. */
  #much(): Promise<void> {
    if (this.#settling.length >= MUCH) return Promise.resolve();
    return new Promise((resolve) => this.#onMuch = resolve);
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
    const { storage, clock, now } = this.#options;
    const settling = this.#settling.splice(0, BATCH);
    const adding = this.#takeAdding();
    const messages = adding.flatMap(({ item }) => item);
    const claimer = this.#nextClaimer();
    const wanted = claimer ? this.#wantedBy(claimer) : 0;
    const all = this.#wanted;
    const want = (more: number) => claimer && all.set(claimer, (all.get(claimer) ?? 0) + more);
    if (claimer) this.#unanswered.delete(claimer);
    want(wanted);
    claimer?.asked();
    const writes: Write[] = [];
    // Asked only now: what comes while they answer goes with the next request, and so does what is said of it.
    this.#isPreparing = true;
    if (settling.length > 0) {
      for (const recorder of this.#options.recorders) writes.push(...await recorder.take().catch(() => []));
    }
    this.#isPreparing = false;

    const exchange: Exchange = {
      now: now(),
      // Where no answer can be lost it need not have a name.
      request: settling.length + messages.length > 0 && !storage.isEmbedded ? crypto.randomUUID() : undefined,
      settle: settling.map(({ item }, i) => i > 0 || writes.length === 0 ? item : along(item, writes)),
      enqueue: messages,
      claim: claimer && { limit: wanted, lease: claimer.lease },
    };
    const began = clock.now();
    try {
      const answer = await storage.exchange(exchange);
      settling.forEach(({ resolve }, i) => resolve(answer.settled[i]));
      answerAll(adding, answer.enqueued);
      want(-wanted);
      claimer?.claimed(answer, wanted, clock.now() - began);
    } catch (error) {
      for (const { reject } of adding) reject(error);
      want(-wanted);
      claimer?.failed(error);
      if (settling.length > 0) void resend(this.#options, exchange.request, settling, error);
    }
  }

  /** Adds what there is to be added, and nothing else. */
  async #sendBeside(): Promise<void> {
    const adding = this.#takeAdding();
    const enqueue = adding.flatMap(({ item }) => item);
    try {
      const { storage, now } = this.#options;
      const { enqueued } = await storage.exchange({ now: now(), request: crypto.randomUUID(), enqueue });
      answerAll(adding, enqueued);
    } catch (error) {
      for (const { reject } of adding) reject(error);
    }
  }

  /** Whole calls, up to the size of a batch; a call that is larger than that goes alone. */
  #takeAdding(): Pending<Message[], Enqueued[]>[] {
    let count = 0;
    let size = 0;
    while (count < this.#adding.length && (count === 0 || size + this.#adding[count].item.length <= BATCH)) {
      size += this.#adding[count++].item.length;
    }
    this.#toAdd -= size;
    return this.#adding.splice(0, count);
  }

  /** One request claims for one of them; the others have theirs in the next. */
  #nextClaimer(): Claimer | undefined {
    for (const claimer of this.#unanswered) if (this.#wantedBy(claimer) > 0) return claimer;
  }

  /** How much it wants beyond what it is about to get. */
  #wantedBy(claimer: Claimer): number {
    return claimer.wants() - (this.#wanted.get(claimer) ?? 0);
  }
}

function answerAll(adding: Pending<Message[], Enqueued[]>[], enqueued: Enqueued[]): void {
  let at = 0;
  for (const { item, resolve } of adding) resolve(enqueued.slice(at, at += item.length));
}

/** A settlement that takes writes along. If it is refused they are lost, which is for their recorder to mind. */
function along(settlement: Settlement, writes: Write[]): Settlement {
  return { ...settlement, writes: [...settlement.writes ?? [], ...writes] };
}
