import { type Job, type Place, type Session, TEXT } from "../contender.ts";
import { requirePeer } from "./peer.ts";

/** What is used of BullMQ. */
interface BullMQ {
  Queue: new (name: string, options: object) => Queue;
  Worker: new (name: string, handler: (job: { data: Data }) => Promise<unknown>, options: object) => BullWorker;
  QueueEvents: new (name: string, options: object) => QueueEvents;
}
interface Data {
  n: number;
  text: string;
}
interface Queue {
  add(name: string, data: Data, options: object): Promise<BullJob>;
  addBulk(jobs: { name: string; data: Data; opts: object }[]): Promise<unknown>;
  getCompletedCount(): Promise<number>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface BullJob {
  waitUntilFinished(events: QueueEvents): Promise<unknown>;
}
interface BullWorker {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface QueueEvents {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** There a low number goes first, and none before all others; jobs without a priority are not ordered by it. */
const LAST_PRIORITY = 1_000;

/** BullMQ, as its guide has it. Completed jobs are kept, since their results are in them. */
export async function open({ name, port }: Place): Promise<Session> {
  const { Queue, Worker, QueueEvents } = requirePeer<BullMQ>("bullmq");
  const connection = { host: "127.0.0.1", port };
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const workers: BullWorker[] = [];
  let events: QueueEvents | undefined;

  const settings = ({ delay, priority }: Job): object => ({
    ...delay !== undefined && { delay },
    ...priority !== undefined && { priority: LAST_PRIORITY - priority },
  });

  return {
    add: async (job) => {
      const added = await queue.add("job", { n: job.n, text: TEXT }, settings(job));
      return {
        result: async () => {
          events ??= new QueueEvents(name, { connection });
          await events.waitUntilReady();
          return await added.waitUntilFinished(events);
        },
      };
    },
    addBulk: async (jobs) => {
      await queue.addBulk(jobs.map((job) => ({ name: "job", data: { n: job.n, text: TEXT }, opts: settings(job) })));
    },
    work: async (atOnce, ran) => {
      const worker = new Worker(name, ({ data: { n } }) => {
        ran(n);
        return Promise.resolve(n);
      }, { connection, concurrency: atOnce });
      workers.push(worker);
      await worker.waitUntilReady();
      return { stop: () => worker.close() };
    },
    results: () => queue.getCompletedCount(),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
      await events?.close();
      await queue.close();
    },
  };
}
