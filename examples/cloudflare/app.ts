// The queue and its tasks. Bindings exist only while an invocation does, so all of it is made by a function.

import { crontab, Huey, type HueyOptions, type TaskFunction } from "@hq/huey";
import { upstash } from "@hq/huey/upstash";

/** What wrangler.toml and the secrets bind. */
export interface Env {
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
  HUEY_SECRET: string;
}

/** The queue, and what is called from elsewhere. */
export interface App {
  huey: Huey;
  addNumbers: TaskFunction<[a: number, b: number], number>;
}

/** The queue in this environment, with all of its tasks. */
export function createApp(env: Env, options?: HueyOptions): App {
  const huey = new Huey("edge", {
    storage: upstash.fromEnv(env),
    ...options,
  });

  const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

  // Tried again at a later tick.
  huey.task(
    "checkSite",
    { retries: 2, retryDelay: "1m", timeout: "10s" },
    async (url: string) => {
      const { ok, status } = await fetch(url);
      if (!ok) throw new Error(`It answered ${status}`);
      return status;
    },
  );

  huey.periodicTask(
    "everyMinute",
    crontab("* * * * *"),
    () => "a minute has passed",
  );

  huey.periodicTask(
    "nightlyReport",
    crontab({ hour: 3, minute: 0, timeZone: "Europe/Berlin" }),
    () => "reported",
  );

  return { huey, addNumbers };
}
