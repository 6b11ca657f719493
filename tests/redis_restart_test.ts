import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Huey, type Result } from "@hq/huey";
import { redis } from "../adapters/redis.ts";
import { eventually, inTime } from "./eventually.ts";
import { clients } from "./redis_clients.ts";
import { startRedis } from "./redis_server.ts";

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

for (const name of Object.keys(clients)) {
  test(`${name}: consumers carry on when Redis was killed under load, and nothing accepted is lost`, async () => {
    const server = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    const [calling, working] = await Promise.all([clients[name](server), clients[name](server)]);
    // A claim whose answer was lost comes again when its lease lapses.
    const open = ({ client }: typeof calling) => new Huey("restarted", { storage: redis(client), lease: "500ms" });
    const [caller, worker] = [open(calling), open(working)];
    const add = caller.task("add", (a: number, b: number) => a + b);
    worker.task("add", (a: number, b: number) => a + b);
    const consumer = worker.createConsumer({ workers: 8 });
    await consumer.start();
    try {
      let isOver = false;
      const accepted: { index: number; result: Result<number> }[] = [];
      const load = Array.from({ length: 4 }, async (_, lane) => {
        for (let index = lane; !isOver; index += 4) {
          try {
            accepted.push({ index, result: await add(index, 1) });
          } catch {
            // Not accepted, or not known to be.
          }
          await pause();
        }
      });
      const more = async (): Promise<void> => {
        const enough = accepted.length + 50;
        await eventually(() => accepted.length >= enough);
      };
      for (let restarts = 0; restarts < 3; restarts++) {
        await more();
        await server.restart();
      }
      await more();
      isOver = true;
      await inTime(Promise.all(load));
      for (const { index, result } of accepted) {
        assertEquals(await result.get({ blocking: true, timeout: "20s" }), index + 1);
      }
    } finally {
      await consumer.stop({ graceful: false });
      await Promise.all([caller.close(), worker.close()]);
      await Promise.all([calling.close(), working.close()]);
      await server.stop();
    }
  });
}
