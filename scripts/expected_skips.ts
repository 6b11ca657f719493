/** A test that may be skipped, or left out, under some runtime; any other skip is a failure. */
export interface ExpectedSkip {
  /** Of the test's name, with the names of the tests it is in before it: `suite > test`. */
  name: RegExp;
  /** Where it may be skipped: `deno`, `bun`, `node`. */
  runtimes: string[];
  /** Why it cannot run there. */
  reason: string;
}

/** All of them. A test that skips itself says so here, or the run fails. */
export const expectedSkips: ExpectedSkip[] = [
  { name: /^workerd: /, runtimes: ["deno", "bun"], reason: "what workerd runs is the same, whoever starts it" },
  { name: /^sqlite, given open by bun:sqlite: /, runtimes: ["deno", "node"], reason: "bun:sqlite is Bun's own" },
  { name: /^Bun's client/, runtimes: ["deno", "node"], reason: "only Bun has Bun's client" },
  { name: /^Valkey /, runtimes: ["deno", "bun", "node"], reason: "Debian has Valkey from its version 13 on" },
  {
    name: /as the disk is full is opened/,
    runtimes: ["deno", "bun", "node"],
    reason: "a file system is mounted, which not everybody may",
  },
  { name: /^chaos, /, runtimes: ["deno", "node"], reason: "many processes are started, which Bun does soonest" },
  {
    name: /^(ioredis 6|node-redis), with the rights of the guide: |^(ioredis's C|node-redis's c)luster: /,
    runtimes: ["deno", "bun", "node"],
    reason: "each is dealt one of the clients, all of which each has in redis_test.ts",
  },
  { name: /^scripts touch no key /, runtimes: ["bun", "node"], reason: "Redis runs them, whoever sends them" },
  { name: /^a server before Redis 6.2/, runtimes: ["deno", "bun"], reason: "it is the same, whoever asks it" },
  {
    name: /^with two requests under way on a /,
    runtimes: ["deno", "node"],
    reason: "it plays so much that one is enough",
  },
  {
    name: /^upstash, by a client with /,
    runtimes: ["deno", "node"],
    reason: "the requests are the same, whoever sends them",
  },
  { name: /differ enqueue each slot once \(sqlite\)$/, runtimes: ["deno", "node"], reason: "the calendar is the same" },
  {
    name: /^deno-kv(, a connection each|, in memory, .*| bulk| commits| counts): /,
    runtimes: ["bun", "node"],
    reason: "the database is the same, whoever opens it",
  },
  {
    name: /^dashboard search: what lies deep in |^a file of deno-kv: | \((deno-kv|redis|upstash)\)$/,
    runtimes: ["deno", "bun", "node"],
    reason: "each is dealt a part of what is remote; with --all each does all",
  },
  { name: /^in a browser, /, runtimes: ["deno", "bun"], reason: "the browser shows the same, whoever drives it" },
  { name: /^the npm package /, runtimes: ["bun", "node"], reason: "it is built once, and Deno is what builds it" },
  {
    name: /^python: /,
    runtimes: ["deno", "bun", "node"],
    reason: "Python cannot import huey and redis here: install them, or set PYTHON and PYTHONPATH",
  },
  { name: /^what Deno exports by itself /, runtimes: ["bun", "node"], reason: "OTEL_DENO is Deno's own" },
  { name: /by a real Deno\.cron$/, runtimes: ["bun", "node"], reason: "Deno.cron is Deno's own" },
];
