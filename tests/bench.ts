/**
 * What a behaviour test runs on: each is written once, and run on every storage.
 *
 * @module
 */
import { test } from "node:test";
import { setImmediate } from "node:timers";
import { type Consumer, type ConsumerOptions, Huey, type HueyOptions, type Storage } from "@hq/huey";
import { TestClock } from "@hq/huey/testing";
import { inTime } from "./eventually.ts";
import { isOwnTurn } from "./shares.ts";
import { KINDS, type StorageFactory } from "./stores.ts";

const kinds = await Promise.all(
  Object.entries(KINDS).map(async ([name, start]) => ({ name, ...await start() })),
);

/** What a test gets. All of it is stopped, closed and removed after the test. */
export interface Bench {
  /** Stands still, unless the test moves it. */
  clock: TestClock;
  /** A fresh instance on a fresh store, with the clock. */
  huey: Huey;
  /** One more instance on the same store and clock, as another process would have it. */
  another(options?: HueyOptions): Huey;
  /** Whether each operation of the storage takes real time, so that what is large is played smaller. */
  isRemote: boolean;
  /** A consumer that was started. */
  consume(options?: ConsumerOptions, huey?: Huey): Promise<Consumer>;
}

let registered = 0;

/**
 * Registers a test on every storage, with a Huey of these options: on the embedded ones under every runtime, on each of
 * the others under one of them, by turns.
 */
export function onEveryStorage(title: string, body: (bench: Bench) => Promise<void>, options: HueyOptions = {}): void {
  const turn = registered++;
  for (const [i, { name, create, isRemote = false }] of kinds.entries()) {
    if (isRemote && !isOwnTurn(turn + i)) continue;
    test(`${title} (${name})`, async () => {
      const store = create();
      const traffic = new Traffic();
      const clock = new TestClock(undefined, isRemote ? { rest: () => traffic.rest() } : {});
      const hueys: Huey[] = [];
      const consumers: Consumer[] = [];
      const another = (options?: HueyOptions): Huey => {
        const huey = new Huey("tests", { storage: traffic.watch(store.open()), clock, ...options });
        hueys.push(huey);
        return huey;
      };
      const huey = another(options);
      const consume = async (options?: ConsumerOptions, on = huey): Promise<Consumer> => {
        const consumer = on.createConsumer(options);
        consumers.push(consumer);
        await consumer.start();
        return consumer;
      };
      try {
        await inTime(body({ clock, huey, another, consume, isRemote }));
      } finally {
        await Promise.all(consumers.map((consumer) => consumer.stop({ graceful: false })));
        await Promise.all(hueys.map((huey) => huey.close()));
        await store.remove?.();
      }
    });
  }
}

/** The operations under way, so that the clock of a test stands still until they have ended. */
class Traffic {
  #underWay = 0;
  #lastAt = 0;

  /** The same storages, watched. */
  watch(factory: StorageFactory): StorageFactory {
    return (name) => this.#watched(factory(name));
  }

  /** Resolves when nothing is under way, and nothing was for a little while; soon, if nobody has begun anything. */
  async rest(): Promise<void> {
    const since = this.#lastAt;
    for (let i = 0; i < 2; i++) await new Promise((turn) => setImmediate(turn));
    if (this.#underWay === 0 && this.#lastAt === since) return;
    this.#lastAt = performance.now();
    while (this.#underWay > 0 || performance.now() - this.#lastAt < 2) await new Promise((turn) => setTimeout(turn));
  }

  #watched(storage: Storage): Storage {
    return new Proxy(storage, {
      get: (target, key) => {
        const member = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        if (key === "waitForWork" || key === "waitForKey") return member.bind(target);
        return async (...args: unknown[]) => {
          this.#underWay++;
          try {
            return await member.apply(target, args);
          } finally {
            this.#underWay--;
            this.#lastAt = performance.now();
          }
        };
      },
    });
  }
}
