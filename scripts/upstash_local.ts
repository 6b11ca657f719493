/**
 * `deno task upstash-local [--port 8079] [--token local] [--redis 127.0.0.1:6379]`: answers on this machine as Upstash's
 * REST API does, for working offline. Without `--redis` it starts a Redis of its own, which forgets everything at the end.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { listen } from "../tests/http_listener.ts";
import { startRedis } from "../tests/redis_server.ts";
import { UpstashServer } from "../tests/upstash_server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8079" },
    token: { type: "string", default: "local" },
    redis: { type: "string" },
  },
});

const [host, port] = values.redis?.split(":") ?? [];
const own = values.redis === undefined ? await startRedis() : undefined;
const server = new UpstashServer({
  redis: own ?? { host, port: Number(port ?? 6379) },
  token: values.token,
});
const listener = await listen(server.fetch, { port: Number(values.port) });

console.log(`export UPSTASH_REDIS_REST_URL=${listener.url} UPSTASH_REDIS_REST_TOKEN=${values.token}`);
console.error(`Requests go to ${own ? "a Redis of its own" : values.redis}. Stop it with Ctrl+C`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await listener.close();
    server.close();
    await own?.stop();
    Deno.exit();
  });
}
