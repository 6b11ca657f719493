import { type Contender, OURS } from "./contender.ts";

/** What those take part in who are no queues but the limits of one. */
const LIMITED = ["enqueue", "drain"];

/** Everybody who is measured. A peer joins by an entry here and a module beside that of ours. */
export const contenders: Contender[] = [
  {
    name: OURS,
    storages: ["memory", "sqlite", "redis", "upstash"],
    load: () => import("./contenders/huey.ts"),
  },
  {
    name: OURS,
    storages: ["deno-kv"],
    runtime: "deno",
    load: () => import("./contenders/huey.ts"),
  },
  { name: "BullMQ", storages: ["redis"], isPeer: true, load: () => import("./peers/bullmq.ts") },
  { name: "bee-queue", storages: ["redis"], isPeer: true, load: () => import("./peers/bee_queue.ts") },
  {
    name: "bare script",
    storages: ["redis"],
    isPeer: true,
    only: LIMITED,
    load: () => import("./peers/bare_script.ts"),
  },
  { name: "raw Redis", storages: ["redis"], isPeer: true, only: LIMITED, load: () => import("./peers/raw_redis.ts") },
  {
    name: "Deno KV's queue",
    storages: ["deno-kv"],
    runtime: "deno",
    load: () => import("./peers/deno_kv_queue.ts"),
  },
  { name: "plainjob", storages: ["sqlite"], isPeer: true, load: () => import("./peers/plainjob.ts") },
];
