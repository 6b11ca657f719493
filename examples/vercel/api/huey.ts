// GET is for the cron in vercel.json: it runs what is due and what waits. POST enqueues: /api/huey?a=1&b=2
//
// The queue is in the Upstash database that the project is connected to.

import { crontab, Huey } from "@hq/huey";
import { createHandler, type DrainHandler } from "@hq/huey/http";
import { upstash } from "@hq/huey/upstash";
import process from "node:process";

const huey = new Huey("my-app", { storage: upstash.fromEnv() });

const addNumbers = huey.task("addNumbers", (a: number, b: number) => a + b);

huey.periodicTask("everyMinute", crontab("* * * * *"), () => "a minute has passed");

huey.periodicTask("nightlyReport", crontab({ hour: 3, minute: 0, timeZone: "Europe/Berlin" }), () => "reported");

// Vercel shows the project's CRON_SECRET with each call of the cron. The budget is less than vercel.json's maxDuration.
export const GET: DrainHandler = createHandler(huey, { secret: process.env.CRON_SECRET, budget: "50s" });

export async function POST(request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const { id } = await addNumbers(Number(searchParams.get("a")), Number(searchParams.get("b")));
  return Response.json({ id }, { status: 202 });
}
