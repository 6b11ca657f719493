import { Huey, type HueyOptions, memory } from "@hq/huey";
import { type Job, type Place, type Session, TEXT } from "../contender.ts";

type StorageFactory = NonNullable<HueyOptions["storage"]>;

/** A way to the store of a place, with connections of its own. */
interface Way {
  storage: StorageFactory;
  close?(): unknown;
}

const ways: Record<Place["storage"], (place: Place) => Promise<() => Way>> = {
  memory: () => {
    const storage = memory();
    return Promise.resolve(() => ({ storage }));
  },
  sqlite: async ({ folder, name }) => {
    const { sqlite } = await import("@hq/huey/sqlite");
    return () => ({ storage: sqlite(`${folder}/${name}.db`) });
  },
  redis: async ({ port }) => {
    const { redis } = await import("@hq/huey/redis");
    const { Redis } = await import("ioredis");
    return () => {
      const client = new Redis({ port });
      return { storage: redis(client), close: () => client.disconnect() };
    };
  },
  upstash: async ({ url, token }) => {
    const { upstash } = await import("@hq/huey/upstash");
    return () => ({ storage: upstash({ url, token }) });
  },
  "deno-kv": async ({ folder, name }) => {
    const { denoKv } = await import("@hq/huey/deno-kv");
    // One connection, as Deno KV's own queue has it.
    const storage = denoKv(`${folder}/${name}.kv`);
    return () => ({ storage });
  },
};

/** The caller and the worker have a Huey and, where it can be, connections each, as they would have in two processes. */
export async function open(place: Place): Promise<Session> {
  const way = await ways[place.storage](place);
  const [calling, working] = [way(), way()];
  const caller = new Huey(place.name, { storage: calling.storage });
  const worker = new Huey(place.name, { storage: working.storage });

  let onRun: (n: number) => void = () => {};
  const call = caller.task("job", (n: number, _text: string) => n);
  worker.task("job", (n: number, _text: string) => {
    onRun(n);
    return n;
  });

  const toTask = ({ n, delay, priority }: Job) => {
    const task = call.s(n, TEXT);
    if (delay === undefined && priority === undefined) return task;
    return task.with({ delay: delay === undefined ? undefined : delay / 1_000, priority });
  };

  return {
    add: async (job) => {
      const result = await caller.enqueue(toTask(job));
      return { result: () => result.get({ blocking: true }) };
    },
    addBulk: async (jobs) => {
      await caller.enqueue(jobs.map(toTask));
    },
    work: async (atOnce, ran) => {
      onRun = ran;
      const consumer = worker.createConsumer({ workers: atOnce });
      await consumer.start();
      return consumer;
    },
    drain: async (atOnce, ran) => {
      onRun = ran;
      await worker.drain({ concurrency: atOnce, maxTasks: Infinity });
    },
    results: async () => (await caller.counts()).results,
    close: async () => {
      await Promise.all([caller.close(), worker.close()]);
      await Promise.all([calling.close?.(), working.close?.()]);
    },
  };
}
