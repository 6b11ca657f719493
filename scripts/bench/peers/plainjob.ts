import { type Job, type Place, type Session, TEXT } from "../contender.ts";
import { requirePeer } from "./peer.ts";

/** What is used of plainjob. */
interface Plainjob {
  better(database: unknown): unknown;
  defineQueue(options: object): Queue;
  defineWorker(type: string, handler: (job: { data: string }) => void, options: object): PlainWorker;
  JobStatus: { Done: number };
}
interface Queue {
  add(type: string, data: unknown, options: object): { id: number };
  addMany(type: string, data: unknown[], options: object): unknown;
  countJobs(options: { status: number }): number;
  close(): void;
}
interface PlainWorker {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SILENT = Object.fromEntries(["error", "warn", "info", "debug"].map((level) => [level, () => {}]));

/**
 * plainjob, which sets WAL and `synchronous=normal` as we do. A worker of it runs one job at a time, so there are as many
 * as jobs are to run at once. It keeps no results, so what is counted are the jobs that are done.
 */
export function open({ folder, name }: Place): Promise<Session> {
  const { better, defineQueue, defineWorker, JobStatus } = requirePeer<Plainjob>("plainjob");
  const Database = requirePeer<new (path: string) => unknown>("better-sqlite3");
  const connect = (): Queue =>
    defineQueue({ connection: better(new Database(`${folder}/${name}.db`)), logger: SILENT });
  const [calling, working] = [connect(), connect()];

  return Promise.resolve<Session>({
    hasPriorities: false,
    add: ({ n, delay }: Job) => {
      calling.add("job", { n, text: TEXT }, { delay });
      return Promise.resolve({});
    },
    addBulk: (jobs: Job[]) => {
      calling.addMany("job", jobs.map(({ n }) => ({ n, text: TEXT })), { delay: jobs[0].delay });
      return Promise.resolve();
    },
    work: (atOnce: number, ran: (n: number) => void) => {
      const workers = Array.from(
        { length: atOnce },
        () => defineWorker("job", ({ data }) => ran(JSON.parse(data).n), { queue: working, logger: SILENT }),
      );
      const ends = workers.map((worker) => worker.start());
      return Promise.resolve({
        stop: async () => {
          await Promise.all(workers.map((worker) => worker.stop()));
          await Promise.all(ends);
        },
      });
    },
    results: () => Promise.resolve(calling.countJobs({ status: JobStatus.Done })),
    close: () => {
      calling.close();
      working.close();
      return Promise.resolve();
    },
  });
}
