// A queue in Upstash, over HTTP: nothing but fetch is needed, so it runs at the edge too.
//
//   deno task upstash-local                        in one terminal, or have a database of Upstash's
//   export UPSTASH_REDIS_REST_URL=… UPSTASH_REDIS_REST_TOKEN=…
//   deno task consume examples/upstash.ts          in another
//   deno run -A examples/upstash.ts                in a third

import { Huey } from "../mod.ts";
import { upstash } from "../adapters/upstash.ts";

export const huey = new Huey("my-app", { storage: upstash.fromEnv() });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

if (import.meta.main) {
  const result = await addNumbers(1, 2); // one request
  console.log(await result.get({ blocking: true })); // 3
}
