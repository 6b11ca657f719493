import type { Huey, Signal } from "@hq/huey";

/** The signals of an instance from now on, in the order in which they are sent. */
export function recordSignals(huey: Huey): Signal[] {
  const signals: Signal[] = [];
  huey.signal((signal) => {
    signals.push(signal);
  });
  return signals;
}
