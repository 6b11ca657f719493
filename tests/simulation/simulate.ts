import { type Mutant, playHistory } from "./history.ts";
import { describeStep, makePlan, type Plan } from "./plan.ts";
import type { Broken } from "./record.ts";
import type { Store } from "./stores.ts";

/** A history in which a promise was broken. */
export interface Failure {
  seed: number;
  broken: Broken;
  /** Of the steps of the plan, those without which it does not happen. */
  steps: number[];
  /** To be read by a person: the steps that are left, and what happened. */
  text: string;
}

/** For {@linkcode simulate}. */
export interface SimulateOptions {
  store: Store;
  mutant?: Mutant;
  /** Told after each history. */
  onPlayed?: (seed: number) => void;
}

/** How many histories are played to make one smaller. */
const MOST_TRIES = 600;

/** Plays the histories of these seeds, up to the first in which a promise is broken. */
export async function simulate(seeds: Iterable<number>, options: SimulateOptions): Promise<Failure | undefined> {
  // Nobody reads the stacks of all that is thrown and aborted here, and to take them is a good part of the work.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const seed of seeds) {
      const broken = await play(planOf(seed, options), options);
      if (broken) return await shrink(seed, broken, options);
      options.onPlayed?.(seed);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The plan of a seed, with these steps only. */
export function planOf(seed: number, { store }: SimulateOptions, steps?: readonly number[]): Plan {
  const plan = makePlan(seed, { serverClock: store.serverClock });
  return steps ? { ...plan, steps: steps.map((at) => plan.steps[at]) } : plan;
}

/** Plays one history. */
export async function play(
  plan: Plan,
  { store, mutant }: SimulateOptions,
  trace?: (line: string) => void,
): Promise<Broken | undefined> {
  return await playHistory(plan, { storage: await store.open(), mutant, trace });
}

/** Leaves away as many steps as it can, so that the same promise is still broken. */
async function shrink(seed: number, broken: Broken, options: SimulateOptions): Promise<Failure> {
  let steps = makePlan(seed, { serverClock: options.store.serverClock }).steps.map((_, at) => at);
  let tries = MOST_TRIES;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length && tries > 0;) {
      const fewer = steps.toSpliced(from, size);
      tries--;
      const still = await play(planOf(seed, options, fewer), options);
      if (still?.promise === broken.promise) [steps, broken] = [fewer, still];
      else from += size;
    }
  }
  return { seed, broken, steps, text: await tell(seed, steps, options) };
}

/** Tells a history. */
export async function tell(seed: number, steps: readonly number[], options: SimulateOptions): Promise<string> {
  const plan = planOf(seed, options, steps);
  const lines: string[] = [];
  const broken = await play(plan, options, (line) => lines.push(line));
  const { isCalm, serverClock, wakes, periodic, consumers, drains } = plan;
  return [
    `${JSON.stringify({ isCalm, serverClock, wakes, periodic, drains, consumers })}`,
    ...plan.steps.map((step) => `  ${describeStep(step)}`),
    "",
    ...lines,
    "",
    broken ? `Broken: ${broken.message}` : "No promise was broken",
  ].join("\n");
}
