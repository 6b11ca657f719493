import { Random } from "../random.ts";
import { type Fault, type FaultKind, FAULTS } from "./transport.ts";

/** The kinds of calls. */
const CALLS = [
  "quick",
  "slow",
  "flaky",
  "failing",
  "hasty",
  "once",
  "locked",
  "narrow",
  "limited",
  "expiring",
  "handled",
  "pipeline",
  "cut pipeline",
  "chord",
  "nested chord",
  "many",
] as const;

/** Something that a producer enqueues. */
export interface Call {
  kind: typeof CALLS[number];
  /** Names the call among those of the history, and is what the tasks are called with. */
  n: number;
  /** Milliseconds, of a slow task. */
  ms: number;
  priority: number;
  /** Seconds. */
  delay?: number;
  /** Whether somebody waits for the outcome. */
  isAwaited: boolean;
}

/** Something that is done at an instant, or befalls a request. `at` is in milliseconds from the beginning. */
export type Step =
  | { what: "call"; at: number; call: Call }
  | { what: "revoke"; at: number; n: number }
  | { what: "cancel"; at: number; n: number }
  | { what: "crash"; at: number; host: string; downtime: number; without: string[] }
  | { what: "stop"; at: number; host: string; downtime: number; without: string[] }
  | { what: "pause"; at: number; host: string; ms: number }
  | { what: "jump"; at: number; host: string; ms: number }
  | { what: "fault"; fault: Fault };

/** A consumer. */
export interface ConsumerPlan {
  host: string;
  workers: number;
  /** By how many milliseconds its clock is ahead. */
  skew: number;
}

/** All that a history is made of. */
export interface Plan {
  seed: number;
  /** Whether nothing fails. */
  isCalm: boolean;
  /** Whether time is the storage's, and not that of who asks. */
  serverClock: boolean;
  /** Whether the storage can wake who waits. */
  wakes: boolean;
  periodic: boolean;
  consumers: ConsumerPlan[];
  /** Whether there is one who drains now and then. */
  drains: boolean;
  /** Milliseconds, after which nothing more is begun and nothing more fails. */
  horizon: number;
  steps: Step[];
}

/** Who does what. */
export const PRODUCER = "producer";
export const DRAINER = "drainer";

const REMOVABLE = ["quick", "flaky", "slow", "gather", "tick"];
/** Beyond that, an answer that was kept for a minute might be forgotten by one clock and not by another. */
const LONGEST_ECHO = 8_000;
const LONGEST_FAULT = 25_000;

/** The plan of a seed. `serverClock` where the storage knows no other time. */
export function makePlan(seed: number, { serverClock = false }: { serverClock?: boolean } = {}): Plan {
  const random = new Random(seed);
  const isCalm = random.chance(0.15);
  const hasServerClock = random.chance(0.5) || serverClock;
  const skew = (): number =>
    isCalm ? 0 : random.below(hasServerClock ? 120_000 : 6_000) * (random.chance(0.5) ? 1 : -1) / 2;
  const consumers = Array.from({ length: 1 + random.below(3) }, (_, i) => {
    return { host: `consumer${i + 1}`, workers: 1 + random.below(4), skew: skew() };
  });
  const plan: Plan = {
    seed,
    isCalm,
    serverClock: hasServerClock,
    wakes: random.chance(0.7),
    periodic: random.chance(0.4),
    consumers,
    drains: random.chance(0.3),
    horizon: 10_000 + random.below(30_000),
    steps: [],
  };
  plan.steps.push(...calls(plan, random));
  if (!isCalm) plan.steps.push(...troubles(plan, random));
  return plan;
}

function calls({ horizon }: Plan, random: Random): Step[] {
  const steps: Step[] = [];
  const count = 2 + random.below(7);
  for (let n = 0; n < count; n++) {
    const call: Call = {
      kind: random.pick(CALLS),
      n,
      ms: 500 + random.below(15_000),
      priority: random.chance(0.3) ? random.below(3) - 1 : 0,
      delay: random.chance(0.2) ? random.below(10) : undefined,
      isAwaited: random.chance(0.25),
    };
    const at = random.below(horizon * 0.8);
    steps.push({ what: "call", at, call });
    if (random.chance(0.08)) {
      steps.push({ what: random.pick(["revoke", "cancel"]), at: at + random.below(5_000), n });
    }
  }
  return steps;
}

function troubles({ horizon, consumers, drains, serverClock }: Plan, random: Random): Step[] {
  const steps: Step[] = [];
  const hosts = [...consumers.map(({ host }) => host), ...drains ? [DRAINER] : [], PRODUCER];
  const at = (): number => random.below(horizon);
  const some = (most: number, make: () => Step): void => {
    for (let i = random.below(most + 1); i > 0; i--) steps.push(make());
  };
  some(3, () => {
    const without = random.chance(0.2) ? [random.pick(REMOVABLE)] : [];
    const what = random.chance(0.7) ? "crash" : "stop";
    return { what, at: at(), host: random.pick(consumers).host, downtime: random.below(10_000), without };
  });
  some(2, () => ({ what: "pause", at: at(), host: random.pick(hosts), ms: random.below(30_000) }));
  some(2, () => {
    const ms = (random.below(2) * 2 - 1) * random.below(serverClock ? 600_000 : 20_000);
    return { what: "jump", at: at(), host: random.pick(hosts), ms };
  });
  some(8, () => ({ what: "fault", fault: makeFault(random, hosts) }));
  return steps;
}

function makeFault(random: Random, hosts: string[]): Fault {
  const kind: FaultKind = random.pick(FAULTS);
  const longest = kind === "echoed" ? LONGEST_ECHO : LONGEST_FAULT;
  // Short ones more often than long ones.
  const ms = Math.round(longest * random.next() ** 3);
  return { host: random.pick(hosts), request: random.below(random.pick([6, 40])), kind, ms };
}

/** A step as a line to read. */
export function describeStep(step: Step): string {
  if (step.what === "fault") {
    const { host, request, kind, ms } = step.fault;
    return `request ${request} of ${host}: ${kind} (${ms} ms)`;
  }
  const at = `${(step.at / 1_000).toFixed(3)} s: `;
  switch (step.what) {
    case "call":
      return at + `call ${JSON.stringify(step.call)}`;
    case "revoke":
    case "cancel":
      return at + `${step.what} call ${step.n}`;
    case "pause":
    case "jump":
      return at + `${step.what} ${step.host} by ${step.ms} ms`;
    default:
      return at + `${step.what} ${step.host}, back after ${step.downtime} ms` +
        (step.without.length > 0 ? ` without ${step.without}` : "");
  }
}
