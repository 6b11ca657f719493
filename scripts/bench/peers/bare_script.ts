import { type Job, type Place, type Session, TEXT } from "../contender.ts";
import { type Client, ioredis, pauseWhenIdle } from "./ioredis.ts";

const BULK = 1_000;
const LEASE = 10_000;
const TTL = 86_400_000;

/**
 * Settles, adds and claims, as ours does, but nothing else: no retries, delays, priorities, revocations, unique keys or
 * chords, and no request that may be sent again.
 */
const EXCHANGE = `
local ready, leases, bodies, results, expiries = unpack(KEYS)
local now, lease, limit, settles, adds = unpack(ARGV, 1, 5)
local at, ids, values, ends = 5, {}, {}, {}
for i = 1, settles do
  local id, value = ARGV[at + 1], ARGV[at + 2]
  at = at + 2
  ids[i] = id
  values[2 * i - 1], values[2 * i] = id, value
  ends[2 * i - 1], ends[2 * i] = now + ${TTL}, id
end
if #ids > 0 then
  redis.call('ZREM', leases, unpack(ids))
  redis.call('HDEL', bodies, unpack(ids))
  redis.call('HSET', results, unpack(values))
  redis.call('ZADD', expiries, unpack(ends))
end
local members, texts = {}, {}
for i = 1, adds do
  local id, body = ARGV[at + 1], ARGV[at + 2]
  at = at + 2
  members[2 * i - 1], members[2 * i] = 0, id
  texts[2 * i - 1], texts[2 * i] = id, body
end
if #members > 0 then
  redis.call('ZADD', ready, unpack(members))
  redis.call('HSET', bodies, unpack(texts))
end
if limit == '0' then return {} end
local popped, claimed, held = redis.call('ZPOPMIN', ready, limit), {}, {}
for i = 1, #popped, 2 do
  claimed[#claimed + 1] = popped[i]
  held[i], held[i + 1] = now + lease, popped[i]
end
if #claimed == 0 then return {} end
redis.call('ZADD', leases, unpack(held))
return { claimed, redis.call('HMGET', bodies, unpack(claimed)) }
`;

/** What one script could reach with no library around it. */
export async function open({ name, port }: Place): Promise<Session> {
  const [calling, working] = [await ioredis(port), await ioredis(port)];
  const keys = ["ready", "leases", "bodies", "results", "expiries"].map((key) => `{${name}}:${key}`);
  const sha = String(await calling.call("SCRIPT", "LOAD", EXCHANGE));
  const exchange = (client: Client, limit: number, settled: string[], added: string[]): Promise<unknown> => {
    const head = [Date.now(), LEASE, limit, settled.length / 2, added.length / 2];
    return client.call("EVALSHA", sha, keys.length, ...keys, ...head, ...settled, ...added);
  };
  // The number as an id: of a fixed width, so that they are in order.
  const toPair = (job: Job): string[] => [`${job.n}`.padStart(12, "0"), JSON.stringify({ n: job.n, text: TEXT })];

  return {
    hasPriorities: false,
    hasDelays: false,
    add: async (job) => {
      await exchange(calling, 0, [], toPair(job));
      return {};
    },
    addBulk: async (jobs) => {
      for (let from = 0; from < jobs.length; from += BULK) {
        await exchange(calling, 0, [], jobs.slice(from, from + BULK).flatMap(toPair));
      }
    },
    work: (atOnce, ran) => {
      let isStopped = false;
      const loop = async (): Promise<void> => {
        let settled: string[] = [];
        while (!isStopped) {
          const answer = await exchange(working, atOnce, settled, []) as [string[], string[]] | [];
          const [ids = [], bodies = []] = answer;
          if (ids.length + settled.length === 0) await pauseWhenIdle();
          const ends = await Promise.all(ids.map(async (id, i) => {
            const { n } = JSON.parse(bodies[i]);
            await ran(n);
            return [id, JSON.stringify(n)];
          }));
          settled = ends.flat();
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
    results: async () => Number(await calling.call("HLEN", keys[3])),
    close: () => {
      calling.disconnect();
      working.disconnect();
      return Promise.resolve();
    },
  };
}
