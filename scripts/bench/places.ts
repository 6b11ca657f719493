import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HttpListener, listen } from "../../tests/http_listener.ts";
import { type RedisServer, startRedis } from "../../tests/redis_server.ts";
import { RespClient } from "../../tests/resp_client.ts";
import { UpstashServer } from "../../tests/upstash_server.ts";
import type { Place, StorageName } from "./contender.ts";
import { REQUESTS_PATH } from "./counter.ts";
import { DelayProxy } from "./delay_proxy.ts";

const TOKEN = "bench";

/** The servers that the contenders work on, which nobody else uses. */
export class Places {
  readonly #folder = mkdtempSync(join(tmpdir(), "huey-bench-"));
  readonly #redis: RedisServer;
  readonly #upstash: UpstashServer;
  readonly #listener: HttpListener;
  readonly #away: DelayProxy;

  /** See {@linkcode start}. */
  constructor(redis: RedisServer, upstash: UpstashServer, listener: HttpListener, away: DelayProxy) {
    this.#away = away;
    this.#redis = redis;
    this.#upstash = upstash;
    this.#listener = listener;
  }

  /** Starts a Redis that keeps nothing on disk, and before it what speaks as Upstash does. */
  static async start(): Promise<Places> {
    const redis = await startRedis();
    const upstash = new UpstashServer({ redis, token: TOKEN });
    const listener = await listen((request) => {
      if (new URL(request.url).pathname !== REQUESTS_PATH) return upstash.fetch(request);
      return Promise.resolve(new Response(`${upstash.requests}`));
    });
    return new Places(redis, upstash, listener, await DelayProxy.open(redis.port));
  }

  /** An empty place; the Redis of one that is away is a millisecond further off. */
  async empty(storage: StorageName, { isAway = false } = {}): Promise<Place> {
    const client = new RespClient(this.#redis);
    await client.send(["FLUSHALL"]);
    await client.send(["CONFIG", "RESETSTAT"]);
    client.close();
    const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
    const { port } = isAway ? this.#away : this.#redis;
    return { storage, name, folder: this.#folder, port, url: this.#listener.url, token: TOKEN };
  }

  /** Ends the servers, and removes what was written. */
  async close(): Promise<void> {
    this.#away.close();
    await this.#listener.close();
    this.#upstash.close();
    await this.#redis.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
