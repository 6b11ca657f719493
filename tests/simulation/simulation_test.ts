/**
 * Histories of the real library on real storages, by a clock that is not real, with faults. `deno task simulate` plays
 * more of them, and plays the one of a seed again.
 *
 * @module
 */
import { after, test } from "node:test";
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { isOwnTurn } from "../shares.ts";
import { playHistory } from "./history.ts";
import { MUTANTS } from "./mutants.ts";
import { type Call, type Plan, PRODUCER } from "./plan.ts";
import { simulate } from "./simulate.ts";
import { type Store, STORES } from "./stores.ts";
import { FAULTS } from "./transport.ts";

/** How many histories the runtimes play together: so many that each number of turns comes out even. */
const HISTORIES = { memory: 9_000, sqlite: 750, redis: 258 };

/** New ones each time: what is known to hold needs no further look. Of what follows each runtime has its part. */
const FIRST = Date.now() % 2 ** 30;

const stores = new Map<string, Promise<Store>>();

function store(name: string): Promise<Store> {
  const open = stores.get(name) ?? STORES[name]();
  stores.set(name, open);
  return open;
}

after(async () => {
  for (const open of stores.values()) await (await open).close();
});

for (const [name, count] of Object.entries(HISTORIES)) {
  test(`${name}: no history breaks a promise, whatever fails on the way`, async () => {
    const failure = await simulate(seedsFrom(FIRST, count).filter(isOwnTurn), { store: await store(name) });
    assert(
      failure === undefined,
      `${failure?.text}\n\ndeno task simulate --storage ${name} --seed ${failure?.seed} --steps ${failure?.steps}`,
    );
  });
}

for (const [name, mutant] of Object.entries(MUTANTS)) {
  test(`the mutant ${name} is found within a thousand histories, and told in few steps`, async () => {
    const failure = await simulate(seedsFrom(1, 1_000), { store: await store("memory"), mutant });
    assert(failure, "it was not found");
    assert(failure.steps.length <= 8, `${failure.steps.length} steps are left`);
    assertMatch(failure.text, /Broken: /);
  });
}

test("a history can be had again: the same seed gives the same", async () => {
  const tell = async (): Promise<string[]> => {
    const lines: string[] = [];
    for (const plan of [plans.chord, plans.pipeline]) {
      await playHistory(plan, { storage: await (await store("memory")).open(), trace: (line) => lines.push(line) });
    }
    return lines;
  };
  const lines = await tell();
  assertGreater(lines.length, 20);
  assertEquals(await tell(), lines);
});

/** Where everything that can befall a request befalls each of them, one after the other. */
const plans = {
  pipeline: planOf(["pipeline", "handled", "once"]),
  chord: planOf(["nested chord", "locked"]),
};

for (const [name, plan] of Object.entries(plans)) {
  test(`whatever befalls any one request of a ${name}, no promise is broken`, async () => {
    const { open } = await store("memory");
    const sent = new Map<string, number>();
    assertEquals(await playHistory(plan, { storage: await open(), sent }), undefined);
    assertEquals([...sent.keys()].sort(), ["consumer1", "consumer2", "finisher", PRODUCER]);
    for (const [host, count] of sent) {
      for (let request = 0; request < count; request++) {
        for (const kind of FAULTS) {
          const fault = { host, request, kind, ms: 3_000 };
          const steps: Plan["steps"] = [...plan.steps, { what: "fault", fault }];
          const broken = await playHistory({ ...plan, steps }, { storage: await open() });
          assertEquals(broken?.message, undefined, `request ${request} of ${host}: ${kind}`);
        }
      }
    }
  });
}

function planOf(kinds: Call["kind"][]): Plan {
  return {
    seed: 1,
    isCalm: false,
    serverClock: true,
    wakes: true,
    periodic: false,
    drains: false,
    consumers: [1, 2].map((n) => ({ host: `consumer${n}`, workers: 2, skew: 0 })),
    horizon: 5_000,
    steps: kinds.map((kind, n) => {
      return { what: "call", at: 100 * n, call: { kind, n, ms: 500, priority: 0, isAwaited: true } };
    }),
  };
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
