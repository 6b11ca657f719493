/** A chaos in small; `deno task chaos` is the one in large. */
import { test } from "node:test";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { Random } from "../random.ts";
import { ownRuntime } from "../sandbox.ts";
import { Chaos } from "./chaos.ts";

// Bun starts a process soonest, and there are many to be started.
const skip = ownRuntime !== "bun";

for (const storage of ["sqlite", "redis"] as const) {
  test(
    `chaos, ${storage}: nothing is lost or doubled when processes are killed at random instants`,
    { skip },
    async () => {
      const report = await new Chaos({
        storage,
        cycles: 4,
        minutes: 2,
        every: 0,
        inHands: 20,
        consumers: 2,
        workers: 32,
        lease: "1s",
        fullDisk: false,
        random: new Random(Date.now()),
      }).run();
      const { cycles, lost, doubled, dead, unclean } = report;
      assertEquals({ cycles, lost, doubled, dead, unclean }, {
        cycles: 4,
        lost: [],
        doubled: [],
        dead: [],
        unclean: [],
      });
      assertGreater(report.recovery.count, 0);
      assertLess(report.recovery.p99, 15_000);
    },
  );
}
