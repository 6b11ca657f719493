// A queue in Deno KV. One cron wakes it every minute; requests enqueue, and read what has become of it.
//
//   deno task start       on your machine, with the queue in the file that HUEY_KV names, if it names one

import { crontab, Huey } from "@hq/huey";
import { dashboard, recordHistory } from "@hq/huey/dashboard";
import { denoCron } from "@hq/huey/deno-deploy";
import { denoKv } from "@hq/huey/deno-kv";

export const huey = new Huey("my-app", { storage: denoKv(Deno.env.get("HUEY_KV")) });

export const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

huey.periodicTask("everyMinute", crontab("* * * * *"), () => {
  console.log("a minute has passed");
});

huey.periodicTask("nightlyReport", crontab({ hour: 3, minute: 0, timeZone: "Europe/Berlin" }), () => {
  console.log("reported");
});

recordHistory(huey);

// Who knows the password sees what the queue does; without one in the environment, nobody is let in.
const password = Deno.env.get("HUEY_PASSWORD");
const pages = dashboard(huey, {
  auth: password ? { username: "admin", password } : undefined,
  basePath: "/huey",
  events: false, // on Deno Deploy a connection that is held open keeps an isolate busy
});

// Before Deno.serve, and under no condition: Deno Deploy looks for it when the program is deployed.
denoCron(huey);

Deno.serve(async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/add") {
    const { id } = await addNumbers(Number(searchParams.get("a")), Number(searchParams.get("b")));
    return Response.json({ id }, { status: 202 });
  }
  if (pathname === "/result") {
    const result = huey.result(searchParams.get("id") ?? "");
    return Response.json({ status: await result.status(), value: await result.get() });
  }
  if (pathname === "/huey" || pathname.startsWith("/huey/")) return await pages.fetch(request);
  return new Response("Not found", { status: 404 });
});
