import type { Metric } from "./metric.ts";
import { drains } from "./metrics/drain.ts";
import { enqueue } from "./metrics/enqueue.ts";
import { growth } from "./metrics/growth.ts";
import { idle } from "./metrics/idle.ts";
import { latency } from "./metrics/latency.ts";
import { requests } from "./metrics/requests.ts";

/** Everything that is measured, in the order of the tables. */
export const metrics: Metric[] = [enqueue, ...drains, latency, requests, idle, growth];
