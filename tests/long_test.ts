/** What is long or wide: of full size on what is on this machine, smaller where each operation is a request. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { chord, type Huey, ResultGroup, type Task, TaskException } from "@hq/huey";
import { onEveryStorage } from "./bench.ts";
import { isOwnTurn } from "./shares.ts";

/** Each of these is played in full under one runtime. */
function sizeOf(turn: number, isRemote: boolean, full: number, small: number): number {
  return !isRemote && isOwnTurn(turn) ? full : small;
}

const unlimited = { maxTasks: Infinity, budget: "10m", concurrency: 100 } as const;

/** A pipeline of so many stages, each of which adds one. */
function line(huey: Huey, length: number): Task<[], number, number[]> {
  const next = huey.task("next", (n: number) => n + 1);
  let stages: Task<[], number, number[]> = next.s(0);
  for (let i = 1; i < length; i++) stages = stages.pipe(next);
  return stages;
}

onEveryStorage("a pipeline of a thousand stages comes to its end", async ({ huey, isRemote }) => {
  const length = sizeOf(0, isRemote, 1_000, 60);
  const stages = await huey.enqueue(line(huey, length));
  assert(stages instanceof ResultGroup);
  const { executed } = await huey.drain(unlimited);
  assertEquals([executed, stages.length, await stages.at(-1)!.get()], [length, length, length]);
});

onEveryStorage("a pipeline's message has what is to come, and nothing of what was", async ({ huey }) => {
  await huey.enqueue(line(huey, 20));
  const sizes: number[] = [];
  for (let i = 0; i < 20; i++) {
    const [{ message }] = await huey.core.storage.list("queued");
    sizes.push(message.body.length);
    await huey.drain({ maxTasks: 1 });
  }
  for (let i = 1; i < sizes.length; i++) assertLess(sizes[i], sizes[i - 1]);
  await huey.enqueue(huey.task("alone", (n: number) => n).s(19));
  const [{ message }] = await huey.core.storage.list("queued");
  assertLess(sizes.at(-1)! - message.body.length, 10, "the last one is as a task of its own");
});

onEveryStorage("a thousand stages are settled in one step when the first one fails", async ({ huey, isRemote }) => {
  const fail = huey.task("fail", (): number => {
    throw new Error("no");
  });
  const length = sizeOf(1, isRemote, 1_000, 60);
  const stages = await huey.enqueue(fail.s().pipe(line(huey, length - 1)));
  assert(stages instanceof ResultGroup);
  assertEquals((await huey.drain(unlimited)).executed, 1);
  const statuses = new Set(await Promise.all(Array.from(stages, (stage) => stage.status())));
  assertEquals([stages.length, [...statuses].sort()], [length, ["canceled", "error"]]);
});

onEveryStorage("a chord of ten thousand members calls its callback once, with all of them", async (bench) => {
  const { huey, isRemote } = bench;
  const size = sizeOf(2, isRemote, 10_000, 300);
  let calls = 0;
  const half = huey.task("half", (n: number) => {
    if (n % 1_000 === 999) throw new Error("no");
    return n;
  });
  const look = huey.task("look", (values: unknown[]) => {
    calls++;
    const wrong = values.filter((value, n) => n % 1_000 === 999 ? !(value instanceof TaskException) : value !== n);
    return [values.length, wrong.length];
  });
  const result = await huey.enqueue(chord(Array.from({ length: size }, (_, n) => half.s(n)), look));
  await huey.drain(unlimited);
  assertEquals([await result.get(), calls], [[size, 0], 1]);
});
