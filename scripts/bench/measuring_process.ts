/**
 * The process in which one contender is measured: `measuring_process.ts <index of the contender>`. It reads what to measure from
 * its standard input, a line of JSON each, and answers in lines that begin with the mark.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Place, Session } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { metrics } from "./metrics.ts";
import { type Answer, MARK, type Order } from "./order.ts";

const contender = contenders[Number(process.argv[2])];

async function measure({ metric, place, scale }: Order): Promise<(number | undefined)[]> {
  const { open } = await contender.load();
  const sessions: Session[] = [];
  try {
    return await metrics.find(({ rows: [{ name }] }) => name === metric)!.measure({
      place,
      open: async (suffix = "") => {
        const own: Place = { ...place, name: place.name + suffix };
        sessions.push(await open(own));
        return sessions.at(-1)!;
      },
      scaled: (count) => Math.max(1, Math.round(count * scale)),
    });
  } finally {
    for (const session of sessions) await session.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer: Answer = await measure(JSON.parse(line)).then(
    (values) => ({ values: values.map((value) => value ?? null) }),
    (error) => ({ error: error instanceof Error ? error.stack : String(error) }),
  );
  console.log(MARK + JSON.stringify(answer));
}
process.exit();
