/**
 * What a behaviour test runs on: each is written once, and run on every storage.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Consumer, type ConsumerOptions, Huey, type HueyOptions, memory } from "@hq/huey";
import { sqlite } from "@hq/huey/sqlite";
import { TestClock } from "@hq/huey/testing";
import { inTime } from "./eventually.ts";

type StorageFactory = NonNullable<HueyOptions["storage"]>;

/** A store of a test's own. Each call of `open` gives what one more process would have of it. */
interface Store {
  open(): StorageFactory;
  remove?(): void;
}

/** Every storage there is. A new one joins the behaviour tests by one entry here. */
const STORES: Record<string, () => Store> = {
  memory: () => {
    const factory = memory();
    return { open: () => factory };
  },
  sqlite: () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-"));
    return {
      open: () => sqlite(join(folder, "huey.db")),
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

/** What a test gets. All of it is stopped, closed and removed after the test. */
export interface Bench {
  /** Stands still, unless the test moves it. */
  clock: TestClock;
  /** A fresh instance on a fresh store, with the clock. */
  huey: Huey;
  /** One more instance on the same store and clock, as another process would have it. */
  another(options?: HueyOptions): Huey;
  /** A consumer that was started. */
  consume(options?: ConsumerOptions, huey?: Huey): Promise<Consumer>;
}

/** Registers a test on every storage, with a Huey of these options. */
export function onEveryStorage(title: string, body: (bench: Bench) => Promise<void>, options: HueyOptions = {}): void {
  for (const [name, create] of Object.entries(STORES)) {
    test(`${title} (${name})`, async () => {
      const store = create();
      const clock = new TestClock();
      const hueys: Huey[] = [];
      const consumers: Consumer[] = [];
      const another = (options?: HueyOptions): Huey => {
        const huey = new Huey("tests", { storage: store.open(), clock, ...options });
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
        await inTime(body({ clock, huey, another, consume }));
      } finally {
        await Promise.all(consumers.map((consumer) => consumer.stop({ graceful: false })));
        await Promise.all(hueys.map((huey) => huey.close()));
        store.remove?.();
      }
    });
  }
}
