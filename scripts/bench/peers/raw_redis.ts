import { type Job, type Place, type Session, TEXT } from "../contender.ts";
import { ioredis, pauseWhenIdle } from "./ioredis.ts";

const BULK = 1_000;

/**
 * No queue but the limit of one: a pipeline of LPUSH, LMOVE and SET. What is in the list of running jobs is never removed,
 * nothing has a lease, an order or an end, and who finds nothing looks again.
 */
export async function open({ name, port }: Place): Promise<Session> {
  const [calling, working] = [await ioredis(port), await ioredis(port)];
  const ready = `${name}:ready`;
  const running = `${name}:running`;
  const toText = (job: Job): string => JSON.stringify({ n: job.n, text: TEXT });

  return {
    hasPriorities: false,
    hasDelays: false,
    add: async (job) => {
      await calling.call("LPUSH", ready, toText(job));
      return {};
    },
    addBulk: async (jobs) => {
      for (let from = 0; from < jobs.length; from += BULK) {
        const pipeline = calling.pipeline();
        for (const job of jobs.slice(from, from + BULK)) pipeline.call("LPUSH", ready, toText(job));
        await pipeline.exec();
      }
    },
    work: (atOnce, ran) => {
      let isStopped = false;
      const loop = async (): Promise<void> => {
        let results: { n: number; value: string }[] = [];
        while (!isStopped) {
          const pipeline = working.pipeline();
          for (const { n, value } of results) pipeline.call("SET", `${name}:result:${n}`, value);
          for (let i = 0; i < atOnce; i++) pipeline.call("LMOVE", ready, running, "RIGHT", "LEFT");
          const answers = await pipeline.exec();
          const jobs = answers.slice(results.length).flatMap(([, text]) => text === null ? [] : [String(text)]);
          if (jobs.length + results.length === 0) await pauseWhenIdle();
          results = await Promise.all(jobs.map(async (text) => {
            const { n } = JSON.parse(text);
            await ran(n);
            return { n, value: JSON.stringify(n) };
          }));
        }
      };
      const ended = loop();
      return Promise.resolve({
        stop: () => {
          isStopped = true;
          return ended;
        },
      });
    },
    results: async () => Number(await calling.call("DBSIZE")) - Number(await calling.call("EXISTS", ready, running)),
    close: () => {
      calling.disconnect();
      working.disconnect();
      return Promise.resolve();
    },
  };
}
