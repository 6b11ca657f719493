/**
 * The options of a Huey instance, and the core that is made of them.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { checkTimeZone } from "./crontab.ts";
import { Hooks } from "./hooks.ts";
import { memory } from "./memory.ts";
import { Meter } from "./meter.ts";
import { Pump } from "./pump.ts";
import type { Recorder } from "./recorder.ts";
import { Registry } from "./registry.ts";
import { rich } from "./rich.ts";
import type { Serializer } from "./serializer.ts";
import { Signals } from "./signals.ts";
import type { StorageFactory } from "./storage.ts";
import { type DeliveryMode, refuseUnknown, toDelivery, toFlag } from "./task_options.ts";
import { type Clock, type Duration, show, systemClock, toCount, toMilliseconds } from "./time.ts";

/** For `new Huey`. */
export interface HueyOptions {
  /** Where messages and outcomes are kept; absent: in the memory of this process. */
  storage?: StorageFactory;
  /** Whether outcomes are kept. @default {true} */
  results?: boolean;
  /** How long an outcome is kept. @default {"1d"} */
  resultTtl?: Duration;
  /** Whether an attempt's error can be read while retries remain. @default {false} */
  storeIntermediateErrors?: boolean;
  /** A delivery that is not renewed for this long is handed out again; it is renewed at a third of it. @default {"10s"} */
  lease?: Duration;
  /** How often a message is handed out without being settled before it becomes a dead letter. @default {3} */
  maxDeliveries?: number;
  /** Whether a task whose worker died is run again. @default {"at-least-once"} */
  delivery?: DeliveryMode;
  /** The IANA zone of schedules that name none. @default {"UTC"} */
  timeZone?: string;
  /** Whether tasks run inline when they are called, as for tests. @default {false} */
  immediate?: boolean;
  /** Values to strings and back; absent: {@linkcode rich}. */
  serializer?: Serializer;
  /** Where the time comes from; absent: the system. */
  clock?: Clock;
  /** Where chance comes from, as for the jitter of retries: a number from 0 to 1. Absent: the system. */
  random?: () => number;
}

const OPTIONS = ("storage results resultTtl storeIntermediateErrors lease maxDeliveries delivery timeZone immediate " +
  "serializer clock random").split(" ");

/**
 * Checks the options, and makes the core.
 *
 * @throws {ConfigurationError | TypeError | RangeError} for a name or options that cannot be.
 */
export function createCore(name: string, options: HueyOptions): Core {
  if (typeof name !== "string" || !/^[A-Za-z0-9_.-]{1,64}$/.test(name)) {
    throw new TypeError(`A name must be 1 to 64 of A-Z a-z 0-9 _ . and -: current value is ${show(name)}`);
  }
  refuseUnknown(options, OPTIONS, "option of Huey");
  const { storage: open = memory(), serializer = rich(), clock = systemClock, random = Math.random } = options;
  if (typeof open !== "function") {
    throw new TypeError(
      `'storage' must be a factory, as memory() or sqlite("huey.db"): current value is ${show(open)}`,
    );
  }
  const settings = {
    results: toFlag("results", options.results ?? true),
    resultTtl: toMilliseconds("resultTtl", options.resultTtl ?? "1d"),
    storeIntermediateErrors: toFlag("storeIntermediateErrors", options.storeIntermediateErrors ?? false),
    lease: toMilliseconds("lease", options.lease ?? "10s"),
    maxDeliveries: toCount("maxDeliveries", options.maxDeliveries ?? 3, 1),
    delivery: toDelivery(options.delivery) ?? "at-least-once",
    timeZone: options.timeZone ?? "UTC",
    immediate: toFlag("immediate", options.immediate ?? false),
  };
  checkTimeZone(settings.timeZone);
  if (settings.lease < 1) throw new RangeError(`'lease' must be at least 1 ms: current value is ${settings.lease} ms`);
  const meter = new Meter();
  const storage = meter.through(open(name));
  const recorders = new Set<Recorder>();
  let ids = 0;
  let idsAt: number | undefined;
  let idsBegin = "";
  const storageTime = clock === systemClock ? () => undefined : () => clock.now();
  return {
    name,
    settings,
    storage,
    meter,
    pump: new Pump({ storage, clock, now: storageTime, recorders }),
    clock,
    storageTime,
    random,
    // A UUID that begins with the time (version 7), and then counts: what is made one after the other lies side by side in
    // a storage's index, also within a millisecond.
    newId: () => {
      const now = clock.now();
      if (now !== idsAt) {
        const time = (idsAt = now).toString(16).padStart(12, "0");
        idsBegin = `${time.slice(0, 8)}-${time.slice(8)}-`;
      }
      return idsBegin + (0x7000 | ids++ & 0xfff).toString(16) + crypto.randomUUID().slice(18);
    },
    serializer,
    registry: new Registry(),
    signals: new Signals(),
    hooks: new Hooks(),
    recorders,
  };
}
