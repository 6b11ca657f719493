/**
 * What a storage must do, and nothing about how.
 *
 * A worker has to settle what is done, to add what follows and to take what is next. That is one request, so the heart
 * of this contract is one verb, {@linkcode Storage.exchange}. A **message** is a task at rest: *queued* (ready),
 * *scheduled* (ready later), *waiting* (for the parts of a chord), *running* (handed out on lease) or *dead* (will not
 * run again by itself). A **delivery** is one hand-out of a message; its **receipt** names that one and no other, which
 * fences a holder that came back too late.
 *
 * @module
 */

/** Where a message can be. */
export type State = "queued" | "scheduled" | "waiting" | "running" | "dead";

/**
 * The parts of the key/value set, apart from each other. A storage treats them alike, but for two: `results` is what
 * {@linkcode Counts.results} counts, and `revoked` is looked up for each message that is handed out or renewed.
 */
export type Space =
  | ("results" | "progress" | "revoked" | "locks" | "limits" | "keys")
  | ("schedules" | "workers" | "history");

/** What can be flushed: the messages in a state, the keys of a space, the unique keys that finished messages still hold. */
export type Flushed = State | Space | "unique";

/** A task at rest. */
export interface Message {
  /** Names the message. While one of this id is not finished, another is not added; a dead letter of this id is replaced. */
  id: string;
  /** The name of the task function. */
  name: string;
  /** Opaque to the storage: a string in, the same string out. */
  body: string;
  /** Epoch milliseconds before which it is not handed out. In the past it means now; it is kept as given. */
  eta?: number;
  /** Milliseconds from the moment it is added (or its last part arrives), by the storage's time. Becomes `eta`; wins over it. */
  delay?: number;
  /** Any finite number, 0 if absent: higher is handed out first, first in first out within one priority. */
  priority?: number;
  /**
   * The message is added only if nobody holds `key`. It holds it until it is finished (also when buried), and in any
   * case until the instant `until`. Retries, releases and lapsed leases keep the hold.
   */
  unique?: { key: string; until?: number };
  /**
   * How many parts it waits for: with as many different indices joined it is ready or, by a delay or an eta, scheduled.
   */
  parts?: number;
}

/** A revocation mark, found in the space `revoked` under `id:<message id>` or `name:<message name>`. */
export interface Mark {
  /** `id:…` or `name:…`. */
  key: string;
  /** As it was put. */
  value: string;
}

/** A message handed out. It is the holder's until the lease ends; `receipt` names this hand-out and no other. */
export interface Delivery {
  /** As enqueued; `delay` has become `eta`. `unique` is not given back. */
  message: Message;
  /** Unguessable or at least never used twice. */
  receipt: string;
  /** How often the message was handed out and not given back since it was enqueued or retried, this time included: from 1. */
  deliveries: number;
  /** The marks on it, the one on its id first. Absent if there are none. */
  revoked?: Mark[];
  /** Of a message that waited for parts: their values, in the order of their indices. */
  parts?: string[];
}

/** A value written together with a settlement. */
export interface Write {
  /** The part of the key/value set. */
  space: Space;
  /** The key in it. */
  key: string;
  /** The value; absent: the key is deleted. */
  value?: string;
  /** Milliseconds until the value is gone; absent: it stays. */
  ttl?: number;
}

/** One part for a message that waits for parts. */
export interface Join {
  /** The id of the waiting message; if there is none (any more), the part is dropped. */
  id: string;
  /** Its place, from 0. A place that is already filled keeps what it has. */
  index: number;
  /** The part. */
  value: string;
}

/**
 * The end of a delivery, or of a message that was at rest. All of it happens, or, when the receipt is stale or the
 * message is not where it is said to be, none of it.
 *
 * Exactly one of `receipt` and `resting` is given, and at most one of `retry`, `release` and `bury`; with none of the
 * three the message is finished and gone.
 */
export interface Settlement {
  /** Which delivery ends. A lease that has lapsed is still its holder's until the message is handed out again. */
  receipt?: string;
  /** Which message at rest ends, and in which of the states it must be (never `running`). */
  resting?: { id: string; states: State[] };
  /**
   * Put in the place of the message, under the same id: at the back of its priority, deliveries counted anew. It keeps
   * the unique key that is held; `unique` of the new message is ignored.
   */
  retry?: Message;
  /**
   * Given back unfinished: this hand-out is not counted. Without `eta` and `delay` it keeps its place in the queue;
   * with one it is scheduled. `body`, if given, replaces the body.
   */
  release?: { eta?: number; delay?: number; body?: string };
  /** Kept as a dead letter, with this note. */
  bury?: string;
  /** Values written or deleted. */
  writes?: Write[];
  /** Messages added, as by {@linkcode Exchange.enqueue}. */
  enqueue?: Message[];
  /** Parts given to messages that wait. */
  joins?: Join[];
}

/** One request: settle what is done, add what is new, take what is next, in this order. */
export interface Exchange {
  /**
   * Names this request, for when its answer is lost and it is sent again. For at least {@linkcode REQUEST_MEMORY}
   * milliseconds a storage remembers the names of requests that settle or enqueue, with `settled` and `enqueued` of
   * their answers: a second one applies neither again, answers as the first did, and claims anew.
   */
  request?: string;
  /** The time, in epoch milliseconds; absent: the storage's own. */
  now?: number;
  /** Each atomic. */
  settle?: Settlement[];
  /** Each atomic, and idempotent by id; one whose unique key is held is not added. */
  enqueue?: Message[];
  /**
   * First moves what is due to the queue and takes back what a lapsed lease held (each up to a limit of the storage's
   * own), then hands out up to `limit` messages for `lease` milliseconds, highest priority first.
   * `limit: 0` hands out nothing but does the rest.
   */
  claim?: { limit: number; lease: number };
}

/** What became of a message that was to be added. */
export interface Enqueued {
  /** The id of the message that is there now: its own, or the one that holds the unique key. */
  id: string;
  /** Whether it was added, by this request. */
  added: boolean;
}

/** The answer to an {@linkcode Exchange}. */
export interface Exchanged {
  /** The time that was used. */
  now: number;
  /** For each settlement, whether it was accepted. */
  settled: boolean[];
  /** For each message of {@linkcode Exchange.enqueue}. */
  enqueued: Enqueued[];
  /** What was handed out. */
  deliveries: Delivery[];
  /** How many messages were taken back from lapsed leases. */
  recovered: number;
  /** How many messages were moved from the schedule to the queue. */
  promoted: number;
  /** With a claim: the earliest instant at which, by time alone, there will be more to hand out (an eta, or a lease that lapses). */
  next?: number;
}

/** The answer to {@linkcode Storage.renew}. */
export interface Renewed {
  /** The receipts that are not the holder's any more. */
  lost: string[];
  /** Those of the others that carry marks. */
  revoked: { receipt: string; marks: Mark[] }[];
}

/** A message as {@linkcode Storage.find} and {@linkcode Storage.list} see it. */
export interface Stored {
  /** As enqueued; `delay` has become `eta` unless it waits. `unique` is not given back. */
  message: Message;
  /** Where it is. A message that is due but not yet moved is `scheduled`; one whose lease has lapsed is `running`. */
  state: State;
  /** How often it was handed out. */
  deliveries: number;
  /** Of a dead letter: the note it was buried with. */
  note?: string;
}

/** How many there are. */
export interface Counts {
  /** Ready. */
  queued: number;
  /** Ready later. */
  scheduled: number;
  /** Waiting for parts. */
  waiting: number;
  /** Handed out. */
  running: number;
  /** Dead letters. */
  dead: number;
  /** Values in the space `results` that have not expired. */
  results: number;
}

/** For {@linkcode Storage.put}. */
export interface PutOptions {
  /** Milliseconds until the value is gone; absent: it stays. */
  ttl?: number;
  /** Only if there is no such key. */
  ifAbsent?: boolean;
  /** Only if the key has this value. */
  ifValue?: string;
  /** The time; absent: the storage's own. */
  now?: number;
}

/** For how long, in milliseconds, a storage remembers {@linkcode Exchange.request} at the least. */
export const REQUEST_MEMORY = 60_000;

/**
 * The contract. Every operation is atomic. Every method that takes `now` judges etas, leases and time-to-live by it;
 * where it is absent the storage uses its own time. What a storage can never take (a value that is too large for it) it
 * refuses with a `RangeError`; any other error means that the same request may succeed later. Storages of different
 * names see nothing of each other. `storageContract` of `@hq/huey/testing` is the suite to pass.
 */
export interface Storage {
  /** How many requests were sent so far. Of an embedded storage: how many operations. */
  readonly requests: number;
  /** Whether only this thread sees what is in it. */
  readonly isPrivate?: boolean;
  /** Whether no answer can be lost on the way: what is executed is answered, what is refused was not, so no request needs a name. */
  readonly isEmbedded?: boolean;
  /** Whether requests are executed in the order in which they are sent, though others are under way. */
  readonly isOrdered?: boolean;

  /** Settle, enqueue, claim. */
  exchange(exchange: Exchange): Promise<Exchanged>;

  /** Makes the leases of these receipts end `lease` milliseconds from now, even those that have just lapsed. */
  renew(receipts: string[], lease: number, now?: number): Promise<Renewed>;

  /** The message of this id, wherever it is. */
  find(id: string, now?: number): Promise<Stored | undefined>;

  /**
   * The messages in a state but for the first `offset`: queued ones as they will be handed out, scheduled ones soonest
   * first, running ones whose lease ends soonest first, waiting ones oldest and dead ones newest first. `limit` absent: all.
   */
  list(state: State, options?: { limit?: number; offset?: number; now?: number }): Promise<Stored[]>;

  /** How many messages are in each state, and how many results; `results: false`: nobody looks at their number. */
  counts(now?: number, options?: { results?: boolean }): Promise<Counts>;

  /**
   * Removes all messages in these states (their unique keys are free then) and all keys of these spaces, and frees, for
   * `unique`, the keys that messages hold beyond their end, those of dead letters too.
   */
  flush(what: Flushed[]): Promise<void>;

  /** Writes a value, if the condition holds; tells whether it did. A value written without `ttl` loses an earlier one's. */
  put(space: Space, key: string, value: string, options?: PutOptions): Promise<boolean>;

  /** The values of these keys, without removing them; `undefined` for one that is missing or has expired. */
  peek(space: Space, keys: string[], now?: number): Promise<(string | undefined)[]>;

  /** All keys of a space that have not expired, with their values, in no order. For spaces that are known to be small. */
  entries(space: Space, now?: number): Promise<[key: string, value: string][]>;

  /** Removes a key and gives the value it had. */
  pop(space: Space, key: string, now?: number): Promise<string | undefined>;

  /** Removes a key, if it has the value `ifValue` (where given); tells whether there was something to remove. */
  delete(space: Space, key: string, options?: { ifValue?: string; now?: number }): Promise<boolean>;

  /**
   * Adds `by` (a whole number, also 0 or negative) to a counter and gives its new value. One that is missing or expired
   * begins at 0 and, where `ttl` is given, lives that long from now on; later increments do not prolong it.
   * `peek` sees it as a decimal number.
   */
  increment(space: Space, key: string, by: number, options?: { ttl?: number; now?: number }): Promise<number>;

  /** Resolves as soon as a message may have become ready since the last exchange that claimed (also for nothing), or on abort. */
  waitForWork?(signal: AbortSignal): Promise<void>;

  /** Resolves when the key is there (now and then also for nothing), or on abort. Neither wait rejects, nor costs requests. */
  waitForKey?(space: Space, key: string, signal: AbortSignal): Promise<void>;

  /** Lets go of what the storage itself has opened. Calling it twice is fine; using the storage afterwards throws. */
  close?(): Promise<void>;
}

/** Makes the storage of a Huey instance from its name. */
export type StorageFactory = (name: string) => Storage;
