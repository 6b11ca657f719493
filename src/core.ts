/**
 * The record that the library's functions work on. `Huey` is a thin face over it; the consumer and the drain are two
 * callers of the same functions.
 *
 * @module
 */
import type { Hooks } from "./hooks.ts";
import type { Interceptor } from "./interceptor.ts";
import type { Meter } from "./meter.ts";
import type { Pump } from "./pump.ts";
import type { Recorder } from "./recorder.ts";
import type { Registry } from "./registry.ts";
import type { Serializer } from "./serializer.ts";
import type { Signals } from "./signals.ts";
import type { Storage } from "./storage.ts";
import type { DeliveryMode } from "./task_options.ts";
import type { Clock } from "./time.ts";

/** The options of a Huey instance, checked and in milliseconds. */
export interface Settings {
  /** Whether outcomes are kept. */
  readonly results: boolean;
  /** For how long. */
  readonly resultTtl: number;
  /** Whether the error of an attempt can be read while retries remain. */
  readonly storeIntermediateErrors: boolean;
  /** For how long a delivery is its holder's without being renewed. */
  readonly lease: number;
  /** How often a message is handed out without being settled before it becomes a dead letter. */
  readonly maxDeliveries: number;
  /** For tasks that do not say. */
  readonly delivery: DeliveryMode;
  /** For schedules that do not say. */
  readonly timeZone: string;
  /** Whether tasks run inline when they are called. */
  readonly immediate: boolean;
}

/** Everything one Huey instance is made of. */
export interface Core {
  /** The name of the instance. */
  readonly name: string;
  /** Its options. */
  readonly settings: Settings;
  /** Where messages and outcomes are. */
  readonly storage: Storage;
  /**
   * What sees every request to it.
   *
   * @ignore
   */
  readonly meter: Meter;
  /**
   * The way to it.
   *
   * @ignore
   */
  readonly pump: Pump;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** The time as the storage should take it: `undefined` lets it use its own, so that hosts with skewed clocks agree. */
  readonly storageTime: () => number | undefined;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A new id. */
  readonly newId: () => string;
  /** Values to strings and back. */
  readonly serializer: Serializer;
  /**
   * The task functions.
   *
   * @ignore
   */
  readonly registry: Registry;
  /**
   * Those who watch.
   *
   * @ignore
   */
  readonly signals: Signals;
  /**
   * Those who take part.
   *
   * @ignore
   */
  readonly hooks: Hooks;
  /** Those who keep a history: whoever wants one adds a recorder. */
  readonly recorders: Set<Recorder>;
  /** Who sees tasks from outside, if anybody does. */
  interceptor?: Interceptor;
}
