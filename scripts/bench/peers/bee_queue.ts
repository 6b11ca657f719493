import { type Job, type Place, type Session, TEXT } from "../contender.ts";
import { requirePeer } from "./peer.ts";

/** What is used of bee-queue. */
type Bee = new (name: string, settings: object) => Queue;
interface Data {
  n: number;
  text: string;
}
interface Queue {
  ready(): Promise<unknown>;
  createJob(data: Data): BeeJob;
  saveAll(jobs: BeeJob[]): Promise<Map<unknown, Error>>;
  process(atOnce: number, handler: (job: { data: Data }) => Promise<unknown>): void;
  checkHealth(): Promise<{ succeeded: number }>;
  close(): Promise<void>;
}
interface BeeJob {
  save(): Promise<unknown>;
  delayUntil(instant: number): BeeJob;
  on(event: "succeeded", listener: (result: unknown) => void): unknown;
  on(event: "failed", listener: (error: Error) => void): unknown;
}

/** bee-queue. It tells results by an event and keeps none, so what is counted are the jobs that it has kept. */
export async function open({ name, port }: Place): Promise<Session> {
  const Bee = requirePeer<Bee>("bee-queue");
  const redis = { host: "127.0.0.1", port };
  const settings = { redis, activateDelayedJobs: true, nearTermWindow: 10_000 };
  const queue = new Bee(name, { ...settings, isWorker: false });
  await queue.ready();
  const workers: Queue[] = [];

  const make = ({ n, delay }: Job): BeeJob => {
    const job = queue.createJob({ n, text: TEXT });
    return delay === undefined ? job : job.delayUntil(Date.now() + delay);
  };

  return {
    hasPriorities: false,
    add: async (job) => {
      const made = make(job);
      const finished = new Promise((resolve, reject) => {
        made.on("succeeded", resolve);
        made.on("failed", reject);
      });
      await made.save();
      return { result: () => finished };
    },
    addBulk: async (jobs) => {
      const [error] = (await queue.saveAll(jobs.map(make))).values();
      if (error) throw error;
    },
    work: async (atOnce, ran) => {
      const worker = new Bee(name, { ...settings, getEvents: false });
      workers.push(worker);
      await worker.ready();
      worker.process(atOnce, ({ data: { n } }) => {
        ran(n);
        return Promise.resolve(n);
      });
      return {
        stop: async () => {
          workers.splice(workers.indexOf(worker), 1);
          await worker.close();
        },
      };
    },
    results: async () => (await queue.checkHealth()).succeeded,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
      await queue.close();
    },
  };
}
