// A queue of Python's Huey in Redis (RedisHuey, 3.x), as TypeScript sees it.

import type { Redis } from "ioredis";
import { type Huey, type Task, TaskCanceled, TaskException } from "../../mod.ts";
import { decode, encode, PythonError, type PythonFields, PythonMessage, Tuple } from "./tagged_json.ts";

/** What Python may call: its name there, as `module.function`, and the task function here. */
export type Served = Record<string, { s(...args: never[]): Task<never> }>;

/** For {@linkcode PythonQueue.call}. */
export interface PythonCallOptions {
  kwargs?: Record<string, unknown>;
  eta?: Date;
  retries?: number;
  /** Seconds. */
  retryDelay?: number;
}

/** One queue of Python's Huey. */
export class PythonQueue {
  readonly #redis: Redis;
  readonly #keys: { queue: string; moving: string; refused: string; results: string };

  /** `name` is that of the RedisHuey. */
  constructor(redis: Redis, name: string) {
    this.#redis = redis;
    const clean = name.replace(/[^A-Za-z0-9_]/g, "");
    this.#keys = {
      queue: `huey.redis.${clean}`,
      moving: `huey.moving.${clean}`,
      refused: `huey.refused.${clean}`,
      results: `huey.results.${clean}`,
    };
  }

  /** Calls a task that Python serves; gives its id. */
  async call(name: string, args: unknown[], options: PythonCallOptions = {}): Promise<string> {
    const { kwargs = {}, eta = null, retries = 0, retryDelay = 0 } = options;
    const id = crypto.randomUUID();
    const fields = [id, name, eta, retries, retryDelay, null, new Tuple(...args), kwargs, ...Array(6).fill(null), 1];
    await this.#redis.lpush(this.#keys.queue, encode(new PythonMessage(fields as unknown as PythonFields)));
    return id;
  }

  /** The value of a task that Python has run. As in Python it is gone once it was read, and None is not kept. */
  async result(id: string, { timeout = 20 }: { timeout?: number } = {}): Promise<unknown> {
    const until = Date.now() + timeout * 1_000;
    while (true) {
      const answers = await this.#redis.multi().hget(this.#keys.results, id).hdel(this.#keys.results, id).exec();
      const text = answers?.[0][1] as string | null;
      if (text) {
        const value = decode(text);
        if (value instanceof PythonError) throw new Error(`The task has failed in Python: ${value.metadata.error}`);
        return value;
      }
      if (Date.now() > until) throw new Error(`Task ${id} has not ended within ${timeout} seconds`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /**
   * Moves what Python enqueues to a queue of ours, whose workers run it, and brings the results back, until `signal` is
   * aborted. A message leaves Python's queue only when it is in ours. What cannot be run is kept in `huey.refused.<name>`,
   * and Python told so.
   */
  async serve(huey: Huey, served: Served, signal: AbortSignal): Promise<void> {
    const disconnect = this.#answer(huey);
    const blocking = this.#redis.duplicate();
    try {
      // Of one who died between the two steps. What was enqueued already is not added twice.
      for (const text of await this.#redis.lrange(this.#keys.moving, 0, -1)) await this.#move(huey, served, text);
      while (!signal.aborted) {
        const text = await blocking.blmove(this.#keys.queue, this.#keys.moving, "RIGHT", "LEFT", 1);
        if (text !== null) await this.#move(huey, served, text);
      }
    } finally {
      blocking.disconnect();
      disconnect();
    }
  }

  async #move(huey: Huey, served: Served, text: string): Promise<void> {
    const { moving, refused } = this.#keys;
    let id: string | undefined;
    try {
      const message = decode(text);
      if (!(message instanceof PythonMessage)) throw new TypeError("It is not a message");
      id = message.fields[0];
      await huey.enqueue(toTask(served, message));
      await this.#redis.lrem(moving, 1, text);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      console.error(`Refused the message ${id ?? "without an id"}: ${error.message}`);
      await this.#redis.multi().lrem(moving, 1, text).lpush(refused, text).exec();
      if (id) await this.#put(id, new PythonError({ error: `${error.name}: ${error.message}`, task_id: id }));
    }
  }

  /** Brings each outcome to where Python looks for it. */
  #answer(huey: Huey): () => void {
    const ends = ["complete", "error", "timeout", "canceled", "revoked", "expired", "dead"] as const;
    return huey.signal(ends, async (_signal, { id }) => {
      try {
        // Nothing while retries remain, and None is not kept in Python either.
        const value = await huey.result(id).get();
        if (value !== undefined && value !== null) await this.#put(id, value);
      } catch (error) {
        if (error instanceof TaskException) {
          const { error: text, retries, traceback } = error.metadata;
          await this.#put(id, new PythonError({ error: text, retries, traceback, task_id: id }));
        } else if (error instanceof TaskCanceled) {
          await this.#put(id, new PythonError({ error: error.status, task_id: id }));
        } else throw error;
      }
    });
  }

  async #put(id: string, value: unknown): Promise<void> {
    await this.#redis.hset(this.#keys.results, id, encode(value));
  }
}

/** The same call here: keyword arguments are one more argument, an object, and come last. */
function toTask(served: Served, { fields }: PythonMessage): Task<[]> {
  const [id, name, eta, retries, retryDelay, priority, args, kwargs, onComplete, onError, expires, resolved] = fields;
  const [timeout, chord, retryBackoff] = fields.slice(12) as [number | null, unknown, number | null];
  if (!Object.hasOwn(served, name)) throw new TypeError(`There is no task named ${JSON.stringify(name)} here`);
  if (chord !== null) throw new TypeError("It is a member of a chord, which only Python can complete");
  const all = Object.keys(kwargs ?? {}).length > 0 ? [...args, kwargs] : args;
  const made: Task<[]> = (served[name].s as (...args: unknown[]) => Task<[]>)(...all);
  const expiry = resolved ?? expires;
  let task = made.with({
    id,
    ...retries && { retries, retryDelay, retryBackoff: retryBackoff ?? 1 },
    ...eta && { eta },
    ...priority && { priority },
    ...expiry && { expires: expiry },
    ...timeout && { timeout },
  });
  if (onError) task = task.error(toTask(served, onError) as never);
  return onComplete ? task.pipe(toTask(served, onComplete) as never) as unknown as Task<[]> : task;
}
