import type { Metric } from "./metric.ts";
import { away, drains } from "./metrics/drain.ts";
import { enqueue } from "./metrics/enqueue.ts";
import { growth } from "./metrics/growth.ts";
import { idle } from "./metrics/idle.ts";
import { kinds } from "./metrics/kinds.ts";
import { latency } from "./metrics/latency.ts";
import { memory } from "./metrics/memory.ts";
import { ordered } from "./metrics/ordered.ts";
import { queued } from "./metrics/queued.ts";
import { requests } from "./metrics/requests.ts";
import { roundTrip } from "./metrics/round_trip.ts";

/** Everything that is measured, in the order of the tables. */
export const metrics: Metric[] = [
  enqueue,
  ...drains,
  away,
  ...ordered,
  latency,
  roundTrip,
  ...memory,
  requests,
  idle,
  growth,
  queued,
  ...kinds,
];
