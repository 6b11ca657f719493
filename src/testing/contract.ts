import type { Storage } from "../storage.ts";
import { Bench, type Case } from "./contract_bench.ts";
import { claimCases } from "./contract_claim.ts";
import { enqueueCases } from "./contract_enqueue.ts";
import { keyCases } from "./contract_keys.ts";
import { leaseCases } from "./contract_lease.ts";
import { markCases } from "./contract_marks.ts";
import { outcomeCases } from "./contract_outcomes.ts";
import { partCases } from "./contract_parts.ts";
import { requestCases } from "./contract_requests.ts";
import { restingCases } from "./contract_resting.ts";
import { scheduleCases } from "./contract_schedule.ts";
import { settleCases } from "./contract_settle.ts";
import { togetherCases } from "./contract_together.ts";
import { ttlCases } from "./contract_ttl.ts";
import { uniqueCases } from "./contract_unique.ts";
import { viewCases } from "./contract_views.ts";
import { waitCases } from "./contract_waits.ts";

/** For {@linkcode storageContract}. */
export interface ContractOptions {
  /**
   * Registers a test.
   *
   * @default `test` of `node:test`
   */
  test?: (name: string, fn: () => Promise<void>) => void;
  /** Tests that cannot pass, by their exact names, and why. */
  skip?: Record<string, string>;
}

// Not imported statically: where node:test is missing, `options.test` takes its place.
const nodeTest = await import("node:test").catch(() => undefined);

/**
 * Registers the tests that every storage must pass.
 *
 * `open` is called with names that nobody has used before; called twice with the same name it gives two storages of the
 * same content. Each is closed when its test is over.
 *
 * @example
 * ```ts ignore
 * import { storageContract } from "@hq/huey/testing";
 * import { memory } from "@hq/huey";
 * storageContract("memory", memory());
 * ```
 *
 * @throws {TypeError} if `skip` names a test that there is not, or there is no `node:test` and `test` is not given.
 */
export function storageContract(
  name: string,
  open: (name: string) => Storage | Promise<Storage>,
  options: ContractOptions = {},
): void {
  const { skip = {} } = options;
  const cases = [
    ...enqueueCases,
    ...claimCases,
    ...scheduleCases,
    ...leaseCases,
    ...settleCases,
    ...restingCases,
    ...uniqueCases,
    ...partCases,
    ...outcomeCases,
    ...requestCases,
    ...markCases,
    ...keyCases,
    ...ttlCases,
    ...viewCases,
    ...togetherCases,
    ...waitCases,
  ].map((each) => ({ ...each, name: `${name}: ${each.name}` }));

  const unknown = Object.keys(skip).find((skipped) => !cases.some((each) => each.name === skipped));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot skip a test that does not exist: current name is "${unknown}"`);
  }

  for (const each of cases) {
    const run = (): Promise<void> => runCase(each, open);
    const reason = skip[each.name];
    if (options.test) {
      if (reason === undefined) options.test(each.name, run);
    } else if (nodeTest) {
      nodeTest.test(each.name, { skip: reason ?? false }, run);
    } else {
      throw new TypeError("Cannot register tests: this runtime has no node:test; give the option 'test'");
    }
  }
}

async function runCase({ run }: Case, open: (name: string) => Storage | Promise<Storage>): Promise<void> {
  const opened: Storage[] = [];
  const openOne = async (name: string): Promise<Storage> => {
    const storage = await open(name);
    opened.push(storage);
    return storage;
  };
  const name = `contract-${crypto.randomUUID()}`;
  try {
    await run(new Bench(await openOne(name), name, openOne));
  } finally {
    for (const storage of opened) await storage.close?.();
  }
}
