// A server and its workers in one process of Bun's, over a SQLite file: requests enqueue, and are answered at once.
//
//   bun examples/bun_server.ts
//   curl "localhost:3000/add?a=1&b=2"
//   curl "localhost:3000/result?id=…"
//
// With HUEY_SECRET set, POST /drain runs what is ready for who knows it, as a platform's cron would have it.

import process from "node:process";
import { Huey } from "../mod.ts";
import { sqlite } from "../adapters/sqlite.ts";
import { createHandler } from "../src/http.ts";

interface BunServer {
  url: URL;
  stop(): Promise<void>;
}

// Declared here because Deno, which checks this file, knows nothing of Bun; `@types/bun` does.
declare const Bun: {
  serve(options: { port?: string; fetch(request: Request): Promise<Response> }): BunServer;
};

const huey = new Huey("my-app", { storage: sqlite(process.env.HUEY_FILE ?? "huey.db") });
const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

const { HUEY_SECRET: secret, PORT: port } = process.env;
const drain = secret ? createHandler(huey, { secret }) : undefined;

const consumer = huey.createConsumer({ workers: 4 });
await consumer.start();

const server = Bun.serve({
  port,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/drain" && drain) return await drain(request);
    if (pathname === "/add") {
      const { id } = await addNumbers(Number(searchParams.get("a")), Number(searchParams.get("b")));
      return Response.json({ id }, { status: 202 });
    }
    if (pathname === "/result") {
      const result = huey.result(searchParams.get("id") ?? "");
      return Response.json({ status: await result.status(), value: await result.get() });
    }
    return new Response("Not found", { status: 404 });
  },
});
console.log(`Listening on ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await server.stop();
    await consumer.stop();
    await huey.close();
    process.exit();
  });
}
