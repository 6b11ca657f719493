import { assert, assertEquals } from "@std/assert";
import { chord, type Clock, Huey, type StorageFactory } from "@hq/huey";
import { systemClock } from "../src/time.ts";
import { eventually } from "./eventually.ts";
import type { Random } from "./random.ts";

const OPERATIONS = 100;
const MOST_ATTEMPTS = 500;

/** How much faster the clock is than the wall's, so that leases and pauses are short. */
const SPEED = 20;

/**
 * A random history of a producer, a consumer and drains, whose storages fail now and then. Whoever cannot enqueue tries
 * again with the same id, also a task that enqueues the one after it.
 */
export class HueyHistory {
  readonly #random: Random;
  readonly #clock: Clock = fastClock();
  readonly #producer: Party;
  readonly #consuming: Party;
  readonly #draining: Party;
  /** By id: how many attempts to enqueue the task there were, and the value it has to end with. */
  readonly #enqueued = new Map<string, { attempts: number; value: number }>();
  /** The signals of ends: how often each was sent. */
  readonly #ends = new Map<string, number>();
  #count = 0;

  /** `open` makes a storage with connections of its own. */
  constructor(name: string, open: () => StorageFactory, random: Random) {
    this.#random = random;
    [this.#producer, this.#consuming, this.#draining] = [1, 2, 3].map(() => this.#party(name, open()));
  }

  /** Plays it, and fails where something was lost or doubled. `calm` ends the faults. */
  async play(calm: () => void): Promise<void> {
    const consumer = this.#consuming.huey.createConsumer({ workers: 4, initialDelay: "500ms" });
    try {
      await consumer.start();
      const operations = Array.from({ length: OPERATIONS }, () => this.#random.next());
      let underWay: Promise<void>[] = [];
      for (const chance of operations) {
        underWay.push(this.#operate(chance));
        if (underWay.length < 5) continue;
        await Promise.all(underWay);
        underWay = [];
      }
      await Promise.all(underWay);
      calm();
      await eventually(() => [...this.#enqueued.keys()].every((id) => this.#ends.has(id)));
      // What was enqueued twice without its producer's knowing, and what was handed out to nobody.
      for (let left = 1; left > 0;) {
        const { queued, scheduled, running } = await this.#producer.huey.counts();
        left = queued + scheduled + running;
        await this.#clock.sleep(500);
      }
      await this.#check();
    } finally {
      await consumer.stop({ graceful: false });
      for (const { huey } of [this.#producer, this.#consuming, this.#draining]) await huey.close();
    }
  }

  async #check(): Promise<void> {
    const { huey } = this.#producer;
    assertEquals((await huey.dead()).map(({ id }) => id), [], "dead letters");
    for (const [id, { attempts, value }] of this.#enqueued) {
      assertEquals(await huey.result(id).get(), value, `the outcome of ${id}`);
      const ends = this.#ends.get(id) ?? 0;
      // Who was not answered and tries again may come after the end of what he has enqueued without knowing.
      assert(ends >= 1 && ends <= attempts, `${id} ended ${ends} times, and was enqueued ${attempts} times`);
    }
  }

  async #operate(chance: number): Promise<void> {
    const { huey, double, stubborn, sum } = this.#producer;
    const n = this.#count++;
    if (chance < 0.1) {
      await this.#draining.huey.drain({ maxTasks: 5 }).catch(() => {});
    } else if (chance < 0.5) {
      const task = double.s(n).with(chance < 0.2 ? { delay: 1 } : {});
      await this.#insist(new Map([[task.id, n * 2]]), () => huey.enqueue(task));
    } else if (chance < 0.8) {
      const [first, second] = [stubborn.s(n), double.s()];
      // Put together once: in another place a stage has another id.
      const pipeline = first.pipe(second);
      await this.#insist(new Map([[first.id, n], [second.id, n * 2]]), () => huey.enqueue(pipeline));
    } else {
      const members = [double.s(n), stubborn.s(n), double.s(1)];
      const [callback, values] = [sum.s(), [n * 2, n, 2]];
      const expected = new Map(members.map(({ id }, i) => [id, values[i]]));
      expected.set(callback.id, n * 3 + 2);
      const all = chord(members, callback);
      await this.#insist(expected, () => huey.enqueue(all));
    }
  }

  /** Enqueues until that is answered. */
  async #insist(values: Map<string, number>, enqueue: () => Promise<unknown>): Promise<void> {
    for (const [id, value] of values) this.#enqueued.set(id, { attempts: 0, value });
    for (let left = MOST_ATTEMPTS;; left--) {
      for (const id of values.keys()) this.#enqueued.get(id)!.attempts++;
      try {
        await enqueue();
        return;
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  #party(name: string, storage: StorageFactory): Party {
    const huey = new Huey(name, { storage, clock: this.#clock, maxDeliveries: 1_000 });
    huey.signal(["complete", "dead"], (_, { id }) => {
      this.#ends.set(id, (this.#ends.get(id) ?? 0) + 1);
    });
    return { huey, ...define(huey) };
  }
}

// deno-lint-ignore explicit-function-return-type -- what it gives is what the types of the tasks are inferred from
function define(huey: Huey) {
  return {
    double: huey.task("double", (n: number) => n * 2),
    stubborn: huey.task("stubborn", { retries: 1, context: true }, ({ attempt }, n: number) => {
      if (attempt === 1) throw new Error("not at the first attempt");
      return n;
    }),
    sum: huey.task("sum", (values: number[]) => values.reduce((sum, value) => sum + value, 0)),
  };
}

/** A process, as it were. */
type Party = { huey: Huey } & ReturnType<typeof define>;

function fastClock(): Clock {
  const start = Date.now();
  const begin = performance.now();
  return {
    now: () => start + Math.round((performance.now() - begin) * SPEED),
    sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
  };
}
