// A Worker that is woken every minute, runs what is due and what is ready, and goes.

import { cloudflare } from "@hq/huey/cloudflare";
import { createApp, type Env } from "./app.ts";

const edge = cloudflare((env: Env) => createApp(env).huey, {
  secret: (env) => env.HUEY_SECRET,
});

export default {
  scheduled: edge.scheduled,

  async fetch(
    request: Request,
    env: Env,
    context: { waitUntil(promise: Promise<unknown>): void },
  ): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    // For somebody else's cron, or yours when you do not want to wait: it asks for the secret.
    if (pathname === "/drain") return await edge.fetch(request, env, context);
    const { huey, addNumbers } = createApp(env);
    if (pathname === "/result") {
      const result = huey.result<number>(searchParams.get("id") ?? "");
      const status = await result.status();
      return Response.json({ status, value: status === "complete" ? await result.get() : undefined });
    }
    if (pathname !== "/add") return new Response("Not found", { status: 404 });

    const result = await addNumbers(
      Number(searchParams.get("a")),
      Number(searchParams.get("b")),
    );
    // Run once the answer is out, instead of at the next minute.
    edge.nudge(env, context);
    return Response.json({ id: result.id }, { status: 202 });
  },
};
