/**
 * For tests: a clock that stands still until it is told otherwise, a way to run everything that is due at once, and the
 * suite that a storage must pass.
 *
 * @example
 * ```ts
 * import { Huey } from "@hq/huey";
 * import { runAll, TestClock } from "@hq/huey/testing";
 *
 * const clock = new TestClock("2026-01-01T00:00:00Z");
 * const huey = new Huey("docs", { clock });
 * const remind = huey.task("remind", (who: string) => `hello ${who}`);
 *
 * const result = await remind.schedule(["ada"], { delay: "2h" });
 * await runAll(huey); // two hours pass at once
 * console.log(await result.get(), new Date(clock.now())); // hello ada, 2026-01-01T02:00:00.000Z
 * ```
 *
 * @module
 */
export { type ContractOptions, storageContract } from "./testing/contract.ts";
export { runAll } from "./testing/run_all.ts";
export { TestClock, type TestClockOptions } from "./testing/test_clock.ts";
