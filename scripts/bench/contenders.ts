import { type Contender, OURS } from "./contender.ts";

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
];
