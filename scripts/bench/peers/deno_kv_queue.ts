import { type Job, type Place, type Session, TEXT } from "../contender.ts";

/** How many one commit enqueues. */
const BATCH = 100;

/**
 * The queue that Deno KV itself has. One connection enqueues and listens, which is the best case: another one is not told.
 * How many run at once is for Deno to say. A result is stored as ours is, under a key.
 */
export async function open({ folder, name }: Place): Promise<Session> {
  const kv = await Deno.openKv(`${folder}/${name}.kv`);
  let onRun: (n: number) => void = () => {};
  let listening: Promise<void> | undefined;

  return {
    hasPriorities: false,
    add: async ({ n, delay }: Job) => {
      await kv.enqueue({ n, text: TEXT }, { delay });
      return { result: () => resultOf(kv, n) };
    },
    addBulk: async (jobs: Job[]) => {
      for (let from = 0; from < jobs.length; from += BATCH) {
        const atomic = kv.atomic();
        for (const { n, delay } of jobs.slice(from, from + BATCH)) atomic.enqueue({ n, text: TEXT }, { delay });
        await atomic.commit();
      }
    },
    work: (_atOnce: number, ran: (n: number) => void) => {
      onRun = ran;
      // It listens until the connection is closed.
      listening ??= kv.listenQueue(async ({ n }: { n: number }) => {
        onRun(n);
        await kv.set(["result", n], n);
      });
      return Promise.resolve({ stop: () => Promise.resolve() });
    },
    results: async () => {
      let count = 0;
      for await (const _ of kv.list({ prefix: ["result"] }, { batchSize: 500 })) count++;
      return count;
    },
    close: async () => {
      kv.close();
      await listening;
    },
  };
}

async function resultOf(kv: Deno.Kv, n: number): Promise<unknown> {
  for await (const [{ value }] of kv.watch([["result", n]])) if (value !== null) return value;
}
