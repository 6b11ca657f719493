/**
 * Deno Deploy, and `deno run` with `--unstable-cron`: one `Deno.cron` that drains every minute. Your schedules are looked
 * at inside, so they have seconds, time zones and names as many as you like.
 *
 * @example
 * ```ts ignore
 * // deno.json: { "unstable": ["cron", "kv"] }
 * import { Huey } from "@hq/huey";
 * import { denoCron } from "@hq/huey/deno-deploy";
 * import { denoKv } from "@hq/huey/deno-kv";
 *
 * const huey = new Huey("my-app", { storage: denoKv() });
 * huey.task("addNumbers", (a: number, b: number) => a + b);
 *
 * denoCron(huey); // before Deno.serve
 * ```
 *
 * @module
 */
import { ConfigurationError, type DrainOptions, type Huey } from "../mod.ts";

/** The part of `Deno` that is used. */
interface DenoLike {
  cron?(name: string, schedule: string, options: { backoffSchedule: number[] }, handler: () => Promise<void>): unknown;
}

/**
 * Registers the one cron that drains, every minute.
 *
 * @throws {ConfigurationError} where there is no `Deno.cron`.
 */
export function denoCron(huey: Huey, options: DrainOptions = {}): void {
  const { Deno } = globalThis as { Deno?: DenoLike };
  if (typeof Deno?.cron !== "function") {
    throw new ConfigurationError('There is no Deno.cron here: run on Deno with "unstable": ["cron"] in deno.json');
  }
  // Without retries of its own: the next minute is a better one, and a retry would delay it.
  void Deno.cron("huey", "* * * * *", { backoffSchedule: [] }, async () => {
    await huey.drain(options);
  });
}
